import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { beginCollection, buildSystem, endCollection } from "../../src/dsl/index.ts";
import { entity, ref, text } from "../../src/dsl/language.ts";

test("two instances of the package fill one collection", async () => {
  const collection = beginCollection();
  // Another instance of every module that holds state, as a second copy below node_modules would be.
  const folder = pathToFileURL(`${import.meta.dirname}/../../src/dsl/`).href;
  const { entity: otherEntity } = await import(/* @vite-ignore */ `${folder}entity.ts?second`);
  const { text: otherText } = await import(/* @vite-ignore */ `${folder}field-types.ts?second`);
  expect(otherEntity).not.toBe(entity);
  otherEntity("Customer", { fields: { name: otherText() } });
  entity("Invoice", { fields: { customer: ref("Customer"), number: text() } });
  endCollection();
  const built = buildSystem(collection, { root: "/" });
  expect(built.diagnostics).toBeUndefined();
  expect(built.system?.entities.map(({ name }) => name)).toEqual(["Customer", "Invoice"]);
});

test("where no collection is open, a declaration registers nowhere", () => {
  endCollection();
  entity("Customer", { fields: { name: text() } });
  const collection = beginCollection();
  endCollection();
  expect(collection.entities).toEqual([]);
});
