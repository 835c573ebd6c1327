/** `enginejs workflow signal`: gives a signal to the runs that wait for it, and to the workflows that it starts. */
import type pg from "pg";
import { didYouMean } from "../../errors/suggestion.ts";
import { allNodes, type System } from "../../model/index.ts";
import { projectError } from "../../project/project-error.ts";
import { type AdministrationOptions, administer } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

export interface WorkflowSignalOptions extends AdministrationOptions {
  readonly name: string;
  readonly key: string;
  /** JSON. */
  readonly payload?: string;
}

export async function workflowSignal(options: WorkflowSignalOptions, terminal: Terminal): Promise<number> {
  const { name, key } = options;
  const payload = payloadOf(options.payload);
  return administer(options, async ({ client, system }) => {
    await requireSignal(client, system, name);
    const { rows } = await client.query<{ taken: number }>("select enginejs.workflow_signal($1, $2, $3) as taken", [
      name,
      key,
      payload,
    ]);
    const taken = rows[0]?.taken ?? 0;
    const detail = JSON.stringify({ signal: name, key, taken });
    await client.query("select enginejs.record_administration('workflow.signal', null, null, $1)", [detail]);
    terminal.print(
      taken === 0
        ? "Nobody waits for it: it is kept for the first run that does."
        : `Taken ${taken === 1 ? "once" : `${taken} times`}.`,
    );
    terminal.printJson({ ok: true, taken });
    return exitCode.ok;
  });
}

/**
 * Checks that something waits for signals of this name: a misspelt one would be kept for ever.
 *
 * @throws EJS1055
 */
async function requireSignal(client: pg.Client, system: System, name: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select distinct name from enginejs.workflow_waits where kind = 'signal'",
  );
  const ofModel = system.workflows.flatMap((workflow) => [
    ...(workflow.trigger.kind === "signal" ? [workflow.trigger.signal] : []),
    ...Array.from(allNodes(workflow)).flatMap((node) => (node.kind === "waitForSignal" ? [node.signal] : [])),
  ]);
  const names = [...new Set([...rows.map((row) => row.name), ...ofModel])].sort();
  if (names.includes(name)) return;
  const known = names.length === 0 ? "No workflow waits for a signal." : `Signals: ${names.join(", ")}.`;
  throw projectError("EJS1055", `No workflow waits for a signal "${name}".`, {
    hint: didYouMean(name, names) + known,
  });
}

/** As it was written: a number keeps its digits. */
function payloadOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw projectError("EJS1002", `--payload is no JSON: ${(error as Error).message}.`, {
      hint: `Write it as JSON: --payload '{"state": "lost"}'.`,
    });
  }
}
