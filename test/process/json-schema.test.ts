/** The published JSON Schema says of a file what the loader says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { exampleText } from "./support/orders-model.ts";

const file = join(import.meta.dirname, "../../schema/process-1.json");
const schema = z.fromJSONSchema(JSON.parse(readFileSync(file, "utf8")));
const takes = (text: string) => schema.safeParse(JSON.parse(text)).success;

it("takes the example, under the address that it names", () => {
  expect(takes(exampleText)).toBe(true);
  expect(JSON.parse(exampleText).$schema).toBe(JSON.parse(readFileSync(file, "utf8")).$id);
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
