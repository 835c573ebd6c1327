import { expect, test } from "vitest";
import { requestText } from "../../src/database/act-as.ts";
import type { TaskActor } from "../../src/dsl/task.ts";
import type { Workflow } from "../../src/model/index.ts";
import { runActor } from "../../src/tasks/run-actor.ts";

const ids = { id: "11111111-1111-4111-8111-111111111111", tenant: "22222222-2222-4222-8222-222222222222" };
const workflow = { name: "w", as: "inherit" } as unknown as Workflow;

test.each<[TaskActor["kind"], string | null]>([
  ["user", null],
  ["service", '{"kind":"service"}'],
  ["key", '{"kind":"key"}'],
])("a run that inherits a %s acts as one", async (kind, request) => {
  // Who acts is in the event: neither database nor model is asked.
  const unasked = undefined as never;
  const actor = await runActor(unasked, unasked, workflow, { actor: { kind, ...ids }, event: unasked });
  expect(actor).toMatchObject({ role: "user", ...ids });
  expect(requestText(actor)).toBe(request);
});
