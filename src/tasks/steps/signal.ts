import { stepStatement } from "../../dsl-to-sql/workflow/step-statement.ts";
import type { NodeOf } from "../../model/index.ts";
import { inTransaction } from "../database-step.ts";
import { eventActor } from "../event-actor.ts";
import { failpoint } from "../failpoint.ts";
import type { Step, StepContext } from "../run.ts";
import { signalKey } from "../signal-key.ts";
import { stepValues } from "../step-values.ts";

/**
 * Gives a signal: the waits that take it, the workflows that it starts, and this step's checkpoint are one transaction.
 *
 * @throws EJS6013 where the key is null
 */
export function signalStep(context: StepContext, step: Step, node: NodeOf<"signal">): Promise<unknown> {
  const { run } = step;
  const statement = (of: Parameters<typeof stepStatement>[2]) => stepStatement(run.build, run.definition.workflow, of);
  const key = statement({ id: node.id, kind: "value", value: node.key });
  const payload = node.payload && statement({ id: node.id, kind: "values", values: node.payload });
  return inTransaction(context, step, `give the signal ${node.signal}`, async (client) => {
    const value = async (text: string) =>
      (await client.query<{ value: unknown }>(text, stepValues(step, text))).rows[0]?.value ?? null;
    const named = signalKey(step, node.signal, await value(key));
    failpoint("signal:after-key");
    const given = payload === undefined ? null : await value(payload);
    failpoint("signal:after-payload");
    // Whoever declares the workflow answers for it: the run's actor may give no signals.
    await client.query("reset role");
    failpoint("signal:before-send");
    const { rows } = await client.query<{ taken: number }>("select enginejs.workflow_signal($1, $2, $3, $4) as taken", [
      node.signal,
      named,
      given === null ? null : JSON.stringify(given),
      JSON.stringify(eventActor(run)),
    ]);
    return { taken: rows[0]?.taken };
  });
}
