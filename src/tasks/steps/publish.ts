import { stepStatement } from "../../dsl-to-sql/workflow/step-statement.ts";
import type { NodeOf } from "../../model/index.ts";
import { inTransaction } from "../database-step.ts";
import { eventActor } from "../event-actor.ts";
import type { Step, StepContext } from "../run.ts";
import { stepValues } from "../step-values.ts";

/**
 * Sends a message to a queue: its event and this step's checkpoint are one transaction, so there is one message.
 *
 * @throws SQLSTATE EJ404 where the newest build has no such queue, EJ422 where the message is not what the queue's schema says
 */
export function publishStep(context: StepContext, step: Step, node: NodeOf<"queue.publish">): Promise<unknown> {
  const { run } = step;
  const text = stepStatement(run.build, run.definition.workflow, { id: node.id, kind: "values", values: node.message });
  return inTransaction(context, step, `publish to ${node.queue}`, async (client) => {
    const { rows } = await client.query<{ value: unknown }>(text, stepValues(step, text));
    // Whoever declares the workflow answers for it: a step needs none of the roles that `publish` names.
    await client.query("reset role");
    const { rows: sent } = await client.query<{ id: string }>("select enginejs.workflow_publish($1, $2, $3) as id", [
      node.queue,
      JSON.stringify(rows[0]?.value ?? null),
      JSON.stringify(eventActor(run)),
    ]);
    return { id: sent[0]?.id };
  });
}
