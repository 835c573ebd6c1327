/** The published JSON Schema says of a file what the loader says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { readProcess } from "../../src/process/index.ts";
import { exampleText } from "./support/orders-model.ts";

const file = join(import.meta.dirname, "../../schema/process-1.json");
const schema = z.fromJSONSchema(JSON.parse(readFileSync(file, "utf8")));
const takes = (text: string) => schema.safeParse(JSON.parse(text)).success;

it("takes the example, under the address that it names", () => {
  expect(takes(exampleText)).toBe(true);
  expect(JSON.parse(exampleText).$schema).toBe(JSON.parse(readFileSync(file, "utf8")).$id);
});

it.each([
  { kind: "interval", every: "PT5M" },
  { kind: "interval", everyMs: 300_000, catchUp: { most: 3 } },
  { kind: "datetime", entity: "Order", field: "dueAt", offset: "-PT2H" },
  { kind: "webhook", path: "bank", secret: "BANK", scheme: "stripe", tolerance: "PT1M" },
])("takes the trigger %j, as the loader does", (trigger) => {
  const text = JSON.stringify({ ...JSON.parse(exampleText), trigger });
  expect(takes(text)).toBe(true);
  expect(readProcess("processes/p.json", text).source.findings).toEqual([]);
});

it.each([
  { kind: "interval", every: "P1M" },
  { kind: "interval", every: "5m" },
  { kind: "interval", everyMs: 10 },
  { kind: "interval", every: "PT5M", catchUp: "all" },
  { kind: "datetime", entity: "Order", field: "dueAt", offset: "-P1Y" },
])("refuses the trigger %j, as the loader does", (trigger) => {
  const text = JSON.stringify({ ...JSON.parse(exampleText), trigger });
  expect(takes(text)).toBe(false);
  expect(readProcess("processes/p.json", text).source.failed).toBe(true);
});

it.each([
  ["an unknown operation", '"op": "compute"', '"op": "compue"'],
  ["an unknown member", '"version": 3', '"version": 3, "inputs": "Order"'],
  ["a member of another type", '"version": 3', '"version": "3"'],
  ["a duration of no fixed length", '"PT10M"', '"P1M"'],
  ["an edge of no form", '"any.no", "empty.value"', '"any", "empty.value"'],
])("refuses %s", (_what, from, to) => {
  expect(takes(exampleText.replace(from, to))).toBe(false);
});
