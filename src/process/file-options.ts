/** What a process file says of the order and the limits of its runs, and what the model keeps of it. */
import { z } from "zod";
import type { Workflow } from "../model/index.ts";
import { milliseconds } from "./duration.ts";
import { inMs, once } from "./file-trigger.ts";
import { duration, expression } from "./format-parts.ts";

type Options = NonNullable<Workflow["options"]>;

const rate = z
  .strictObject({
    limit: z.int().positive(),
    per: duration.optional(),
    perMs: inMs(1),
    key: expression.optional(),
  })
  .superRefine(once("per", true))
  .transform(
    ({ limit, per, perMs, key }): NonNullable<Options["rate"]> => ({
      limit,
      perMs: perMs ?? milliseconds(per ?? ""),
      ...(key === undefined ? {} : { key }),
    }),
  );

const debounce = z
  .strictObject({
    key: expression,
    pause: duration.optional(),
    pauseMs: inMs(1),
    max: duration.optional(),
    maxMs: inMs(1),
  })
  .superRefine(once("pause", true))
  .superRefine(once("max"))
  .transform(({ key, pause, pauseMs, max, maxMs }): NonNullable<Options["debounce"]> => {
    const longest = maxMs ?? (max === undefined ? undefined : milliseconds(max));
    return {
      key,
      pauseMs: pauseMs ?? milliseconds(pause ?? ""),
      ...(longest === undefined ? {} : { maxMs: longest }),
    };
  });

export const fileOptions = z.strictObject({
  ordered: z
    .strictObject({
      by: z.union([z.literal("record"), z.strictObject({ key: expression })]),
      onFailure: z.enum(["halt", "skip"]).optional(),
    })
    .transform(({ by, onFailure = "halt" }): NonNullable<Options["ordered"]> => ({ by, onFailure }))
    .optional(),
  concurrency: z.strictObject({ limit: z.int().positive(), key: expression.optional() }).optional(),
  rate: rate.optional(),
  debounce: debounce.optional(),
  priority: z.int().min(-100).max(100).optional(),
});
