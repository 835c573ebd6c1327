/** The example project as the IR: the same bytes whatever the order of its files, and places that are right. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { canonicalText, modelHash, sourceMap, system, systemJsonSchema } from "../../src/model/index.ts";
import { buildProject } from "../support/build-project.ts";
import { invoicingBuild } from "../support/invoicing-system.ts";

const root = fileURLToPath(new URL("../../examples/invoicing", import.meta.url));

/** A small generator with a seed, so that a failure can be run again. */
function shuffled(files: readonly string[], seed: number): string[] {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const result = [...files];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j] as string, result[i] as string];
  }
  return result;
}

describe("examples/invoicing", () => {
  test("passes the schemas of IR and source map", async () => {
    const built = await invoicingBuild();
    expect(system.parse(built.system)).toEqual(built.system);
    expect(sourceMap.parse(built.sourceMap)).toEqual(built.sourceMap);
  });

  test.each([1, 2, 3, Date.now() % 1_000_000])("is the same in shuffled order (seed %i)", async (seed) => {
    const straight = await invoicingBuild();
    const other = await buildProject(root, (files) => shuffled(files, seed));
    expect(canonicalText(other)).toBe(canonicalText(straight));
    expect(await modelHash(other.system)).toBe(await modelHash(straight.system));
  });

  test("says where each node was written", async () => {
    const { system: built, sourceMap: places } = await invoicingBuild();
    const lineOf = (path: string) => {
      const place = places[path];
      if (place === undefined) throw new Error(`no place of ${path}`);
      const line = readFileSync(join(root, place.file), "utf8").split("\n")[place.line - 1] ?? "";
      return line.slice(place.column - 1);
    };
    expect(lineOf("Invoice")).toMatch(/^Invoice"/);
    expect(lineOf("Invoice.fields.subtotal")).toMatch(/^money\(\)\.computed/);
    expect(lineOf("Invoice.actions.pay")).toMatch(/^action\(\)\.from\("sent"\)/);
    expect(lineOf("Invoice.policies.the owner or billing")).toMatch(/^allow\(\{/);
    expect(lineOf("workflows.receipt-on-paid.mail")).toMatch(/^task\("mail"/);
    for (const entity of built.entities) {
      expect(places).toHaveProperty([entity.name]);
      for (const policy of entity.policies) expect(places).toHaveProperty([`${entity.name}.policies.${policy.name}`]);
      for (const action of entity.actions) expect(places).toHaveProperty([`${entity.name}.actions.${action.name}`]);
    }
  });

  test("gives a reason for all that it infers", async () => {
    const { system: built } = await invoicingBuild();
    const invoice = built.entities.find(({ name }) => name === "Invoice");
    const inferred = (nodes: readonly { name: string; inferred?: string | undefined }[] = []) =>
      Object.fromEntries(nodes.flatMap(({ name, inferred: why }) => (why === undefined ? [] : [[name, why]])));
    expect(inferred(invoice?.fields)).toMatchObject({ id: "every entity has an id" });
    expect(inferred(invoice?.indexes)).toMatchObject({
      invoice_customer_id_idx: "foreign key customer",
      invoice_owner_id_idx: "foreign key owner",
      invoice_status_idx: `named by the policy "the invoice's owner or billing, once it is paid"`,
    });
    expect(inferred(built.workflows)).toEqual({ "invoice.send.send-invoice": "effect of Invoice.send" });
    const membership = built.entities.find(({ name }) => name === "Membership");
    expect(inferred(membership?.uniques)).toEqual({
      membership_user_id_key: "a person is a member of a tenant once",
    });
  });

  test("infers a task's input from its schema", async () => {
    const { system: built } = await invoicingBuild();
    const workflow = built.workflows.find(({ name }) => name === "invoice.send.send-invoice");
    expect(workflow?.nodes[1]).toEqual({
      id: "sendInvoice",
      kind: "task",
      task: "send-invoice",
      input: { id: "record.id" },
    });
  });
});

test("the IR's shape is JSON Schema", () => {
  const schema = systemJsonSchema();
  expect(schema).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" });
  expect(Object.keys(schema.properties as object)).toContain("entities");
});
