import { expect, it } from "vitest";
import type { Definition } from "../../src/tasks/definitions.ts";
import { outerFrame, placeOf } from "../../src/tasks/frame.ts";
import { prepareGraph } from "../../src/tasks/prepared-graph.ts";
import { workflowOf } from "./support/invoicing-database.ts";

const call = { id: "call", kind: "task", task: "send", input: {} } as const;
const workflow = workflowOf({
  name: "many",
  as: "system",
  trigger: { kind: "model", entity: "Customer", event: "create" },
  nodes: [
    {
      id: "each",
      kind: "forEach",
      items: '["first", "second"]',
      item: { schema: { type: "string" } },
      as: "item",
      limit: 5,
      body: { nodes: [call], edges: [] },
    },
  ],
});
const definition: Definition = { id: 1, workflow, graph: prepareGraph("many", workflow) };

it("finds the place of a checkpoint without going through all of them: a loop that is undone has thousands", () => {
  const checkpoints = { "each[]": ["first", "second"], "each[0].call": null, "each[1].call": "done" };
  const outer = outerFrame(checkpoints);
  const results = new Proxy(checkpoints, {
    ownKeys: () => {
      throw new Error("all checkpoints were gone through");
    },
  });
  expect(placeOf("each[1].call", definition, results, outer)).toMatchObject({
    id: "call",
    frame: { prefix: "each[1].", names: { item: "second", itemIndex: 1, call: "done" } },
  });
  expect(placeOf("each[]", definition, results, outer)).toBeUndefined();
});
