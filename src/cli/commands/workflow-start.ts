/** `enginejs workflow start`: starts a workflow in somebody's name, and waits for what it gives where that is asked for. */
import pg from "pg";
import { recordAdministration } from "../../database/record-administration.ts";
import { typeText } from "../../dsl/schema-type-text.ts";
import type { Workflow } from "../../model/index.ts";
import { projectError } from "../../project/project-error.ts";
import { endOf, WorkflowFailure } from "../../tasks/call-workflow.ts";
import { type Administration, type AdministrationOptions, administer } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import { findTenant } from "../find-tenant.ts";
import { printable } from "../render-diagnostics.ts";
import { requireWorkflow } from "../require-workflow.ts";
import type { Terminal } from "../terminal.ts";

export interface WorkflowStartOptions extends AdministrationOptions {
  readonly name: string;
  /** JSON. */
  readonly input?: string;
  readonly as?: string;
  readonly tenant?: string;
  /** Until its end, so many seconds at most. */
  readonly wait?: boolean;
  readonly timeout: number;
}

export async function workflowStart(options: WorkflowStartOptions, terminal: Terminal): Promise<number> {
  const { name } = options;
  const input = inputOf(options.input);
  return administer(options, async (given) => {
    const { client, system } = given;
    const workflow = system.workflows.find((candidate) => candidate.name === name);
    if (workflow === undefined) {
      await requireWorkflow(client, name);
      throw projectError("EJS1055", `The newest build has no workflow "${name}" any more.`);
    }
    const actor = await actorOf(given, workflow, options);
    const run = await start(client, workflow, input, actor, options.wait === true);
    if (actor?.kind === "user") {
      const detail = { command: "workflow start", workflow: name, run };
      await recordAdministration(client, { kind: "impersonation", actor: actor.id, tenant: actor.tenant, detail });
    }
    if (options.wait !== true) {
      terminal.print(`The run is ${run}.`);
      terminal.printJson({ ok: true, run });
      return exitCode.ok;
    }
    // It begins when its start is committed.
    await client.query("commit");
    const code = await follow(client, run, options.timeout, terminal);
    await client.query("begin");
    return code;
  });
}

async function start(
  client: pg.Client,
  { name, input: schema }: Workflow,
  input: string | null,
  actor: Started | null,
  wait: boolean,
) {
  if (wait) await client.query("listen enginejs_ended");
  try {
    const { rows } = await client.query<{ run: string }>("select enginejs.start_workflow($1, $2, $3, $4) as run", [
      name,
      input,
      wait,
      actor === null ? null : JSON.stringify(actor),
    ]);
    return rows[0]?.run ?? "";
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== "EJ422") throw error;
    const { problems = [] } = JSON.parse(error.detail ?? "{}") as { readonly problems?: readonly string[] };
    const what = input === null ? "--input is missing" : problems.join("; ");
    throw projectError("EJS1063", `The input of the workflow ${name} does not fit: ${what}.`, {
      hint: `It takes ${typeText(schema)}.`,
    });
  }
}

async function follow(client: pg.Client, run: string, seconds: number, terminal: Terminal): Promise<number> {
  try {
    const { done, output, value } = await endOf(client, run, seconds * 1_000);
    terminal.printJson({ ok: done, run, status: done ? "done" : "open", output, value });
    if (!done) terminal.print(`The run ${run} is not done within ${seconds} s and goes on.`);
    else terminal.print(`${printable(output ?? "done")}: ${printable(JSON.stringify(value))}`);
    return done ? exitCode.ok : exitCode.findings;
  } catch (error) {
    if (!(error instanceof WorkflowFailure)) throw error;
    const { code, message, values } = error;
    terminal.printJson({ ok: false, run, status: "failed", error: { code, message, values } });
    terminal.print(`The run ${run} has failed: ${printable(`${code}: ${message} ${JSON.stringify(values ?? {})}`)}`);
    return exitCode.findings;
  }
}

/** As events carry it. */
interface Started {
  readonly kind: "user" | "system";
  readonly id: string | null;
  readonly tenant: string | null;
}

/** In whose name it starts; nobody's where its steps do not run as that. */
async function actorOf(
  { client, system, actor }: Administration,
  workflow: Workflow,
  { as, tenant }: WorkflowStartOptions,
): Promise<Started | null> {
  if (as !== undefined) {
    const found = await actor({ as, ...(tenant === undefined ? {} : { tenant }) });
    if (found.actor !== null) return { kind: "user", id: found.actor, tenant: found.tenant };
  }
  if (workflow.as === "inherit") {
    throw projectError("EJS1002", `The workflow ${workflow.name} runs as whoever starts it.`, {
      hint: "Say in whose name, with --as: a person's id, e-mail address, or label of the seed's people.",
    });
  }
  return tenant === undefined ? null : { kind: "system", id: null, tenant: await findTenant(client, system, tenant) };
}

/** As it was written: a number keeps its digits. */
function inputOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw projectError("EJS1002", `--input is no JSON: ${(error as Error).message}.`, {
      hint: `Write it as JSON: --input '{"month": "2026-11"}'.`,
    });
  }
}
