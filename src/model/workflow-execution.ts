/** How runs and their steps are executed: retries, limits, order, and as whom. */
import { z } from "zod";

export const retry = z.strictObject({
  /** How often a step is tried, the first time included. */
  attempts: z.int().min(1).max(1000),
  backoff: z.enum(["exponential", "fixed"]),
  initialMs: z.int().positive(),
  maxMs: z.int().positive(),
});
export type Retry = z.infer<typeof retry>;

/** What holds where a workflow says nothing. */
export const DEFAULT_RETRY: Retry = { attempts: 5, backoff: "exponential", initialMs: 1_000, maxMs: 600_000 };

/**
 * As whom the steps run: the event's actor, whose rights are read live; the system, which passes every policy; or the
 * subject that an expression over `event` or `input` names.
 */
export const actorMode = z.union([
  z.literal("inherit"),
  z.literal("system"),
  z.strictObject({ impersonate: z.string() }),
]);

/** What a workflow may say beyond its steps. Expressions are over `event` or `input`, as the relay sees the event. */
export const executionOptions = z.strictObject({
  /** From the event to the end of the run, waits included: what is not done by then fails. */
  timeoutMs: z.int().positive().optional(),
  /** Runs of one record, or of one key, follow one another in the order of their events. */
  ordered: z
    .strictObject({
      by: z.union([z.literal("record"), z.strictObject({ key: z.string() })]),
      /** After a failure: the later ones wait for somebody, or go on without it. */
      onFailure: z.enum(["halt", "skip"]),
    })
    .optional(),
  /** So many runs at the same time, of all, or of each key. */
  concurrency: z.strictObject({ limit: z.int().positive(), key: z.string().optional() }).optional(),
  /** So many starts per period, of all, or of each key. */
  rate: z.strictObject({ limit: z.int().positive(), perMs: z.int().positive(), key: z.string().optional() }).optional(),
  /** Events of one key that follow within the pause are one run, of the last of them; it begins at the latest so long after the first. */
  debounce: z
    .strictObject({ key: z.string(), pauseMs: z.int().positive(), maxMs: z.int().positive().optional() })
    .optional(),
  /** The smaller, the sooner; 0 where it is absent. */
  priority: z.int().min(-100).max(100).optional(),
});
