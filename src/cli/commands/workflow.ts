/** `enginejs workflow`: looks at runs, and puts right what went wrong. The work is done by functions of the core, which psql can call as well. */
import pg from "pg";
import { suggestion } from "../../errors/suggestion.ts";
import { projectError } from "../../project/project-error.ts";
import { type Administration, type AdministrationOptions, administer } from "../administer.ts";
import { describeRun, type RunDescription, type ShownRun, waitsFor } from "../describe-run.ts";
import { exitCode } from "../exit-code.ts";
import { findTenant } from "../find-tenant.ts";
import { printTable } from "../print-table.ts";
import { printableLines } from "../render-diagnostics.ts";
import { requireQueue } from "../require-queue.ts";
import { requireWorkflow } from "../require-workflow.ts";
import { sinceOf } from "../since.ts";
import type { Terminal } from "../terminal.ts";

interface FilterOptions extends AdministrationOptions {
  readonly workflow?: string;
  readonly since?: string;
  readonly tenant?: string;
  readonly record?: string;
}

interface RunOptions extends AdministrationOptions {
  readonly run: string;
  readonly reason?: string;
}

interface NameOptions extends AdministrationOptions {
  readonly name: string;
  readonly reason?: string;
}

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export async function workflowList(
  options: FilterOptions & { readonly status?: string; readonly limit: number; readonly after?: string },
  terminal: Terminal,
): Promise<number> {
  if (options.after !== undefined) requireRunId(options.after, "--after");
  const runs = await administer(options, async (given) => {
    const { workflow, since, tenant, record } = await filterOf(given, options);
    const { rows } = await given.client.query<{ run: RunDescription }>(
      "select enginejs.list_runs($1, $2, $3, $4, $5, $6, $7) as run",
      [workflow, options.status ?? null, since, tenant, record, options.limit, options.after ?? null],
    );
    return rows.map(({ run }) => run);
  });
  terminal.printJson({ ok: true, runs });
  printTable(
    terminal,
    ["run", "workflow", "status", "event", "taken up", "created", "waits for, or error"],
    runs.map((run) => [
      run.id,
      run.workflow,
      run.status,
      `${run.model}.${run.action}`,
      String(run.attempts),
      run.createdAt,
      shortened(run.status === "failed" || run.status === "cancelled" ? errorOf(run) : waitsFor(run)),
    ]),
  );
  return exitCode.ok;
}

export async function workflowShow(options: RunOptions, terminal: Terminal): Promise<number> {
  requireRunId(options.run);
  const run = await operate(options, async ({ client }) => {
    const { rows } = await client.query<{ run: ShownRun }>("select enginejs.show_run($1) as run", [options.run]);
    return rows[0]?.run as ShownRun;
  });
  terminal.printJson({ ok: true, run });
  for (const line of describeRun(run)) terminal.print(printableLines(line, "  "));
  return exitCode.ok;
}

export async function workflowRetry(options: RunOptions, terminal: Terminal): Promise<number> {
  const status = await changeRun("select enginejs.retry_run($1, $2) as answer", options);
  return tell(terminal, `It tries again: ${status}.`, { run: options.run, status });
}

export async function workflowSkip(options: RunOptions, terminal: Terminal): Promise<number> {
  const status = await changeRun("select enginejs.skip_run($1, $2) as answer", options);
  return tell(terminal, "It is passed over; those of its key that waited for it go on.", { run: options.run, status });
}

export async function workflowCancel(options: RunOptions, terminal: Terminal): Promise<number> {
  const cancelled = await changeRun("select enginejs.cancel_run($1, $2) as answer", options);
  if (cancelled !== true) throw projectError("EJS1056", `The run ${options.run} has ended already.`);
  return tell(terminal, "It ends, and what it did is undone.", { run: options.run, cancelled });
}

export async function workflowPause(options: NameOptions, terminal: Terminal): Promise<number> {
  const { name } = options;
  if (uuid.test(name)) {
    const status = await changeRun("select enginejs.pause_run($1, $2) as answer", { ...options, run: name });
    const text =
      status === "paused" ? "It waits until it is resumed." : `It is ${status}, and waits at the next occasion.`;
    return tell(terminal, text, { run: name, status });
  }
  const waiting = await changeWorkflow("select enginejs.pause_workflow($1, $2) as answer", options);
  const text =
    waiting === null ? "It was paused already." : `${name} starts no runs any more; ${waiting} queued ones wait.`;
  return tell(terminal, text, { workflow: name, changed: waiting !== null, waiting });
}

export async function workflowResume(options: NameOptions, terminal: Terminal): Promise<number> {
  const { name } = options;
  if (uuid.test(name)) {
    const status = await changeRun("select enginejs.resume_run($1, $2) as answer", { ...options, run: name });
    return tell(terminal, `It goes on: ${status}.`, { run: name, status });
  }
  const runs = await changeWorkflow("select enginejs.resume_workflow($1, $2) as answer", options);
  const text =
    runs === null ? "It was not paused." : `${name} goes on, with ${counted(Number(runs), "run")} that waited.`;
  return tell(terminal, text, { workflow: name, changed: runs !== null, runs });
}

export async function workflowFork(
  options: RunOptions & { readonly fromStep: string; readonly newest?: boolean },
  terminal: Terminal,
): Promise<number> {
  requireRunId(options.run);
  const fork = await operate(options, async ({ client }) => {
    const { rows } = await client.query<{ fork: string }>("select enginejs.fork_run($1, $2, $3, $4) as fork", [
      options.run,
      options.fromStep,
      options.newest ?? false,
      options.reason ?? null,
    ]);
    return rows[0]?.fork;
  });
  return tell(terminal, `The new run is ${fork}.`, { run: options.run, fork });
}

interface RedriveOptions extends FilterOptions {
  readonly queue?: string;
  readonly error?: string;
  readonly reason?: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

interface Redriven {
  readonly runs: number;
  readonly events: number;
  readonly refused: number;
}

/** So many dead letters per transaction. */
const BATCH = 1_000;

export async function workflowRedrive(options: RedriveOptions, terminal: Terminal): Promise<number> {
  const { workflow: name, since: from, tenant: named, record: about, error, queue, all } = options;
  if (all !== true && [name, from, named, about, error, queue].every((value) => value === undefined)) {
    throw projectError("EJS1002", "Which dead letters is not said.", {
      hint: "Name some with --workflow, --queue, --since, --tenant, --record or --error, or all of them with --all.",
    });
  }
  const redriven = await administer(options, async (given) => {
    const { client } = given;
    const { workflow, since, tenant, record } = await filterOf(given, options);
    if (queue !== undefined) await requireQueue(client, queue);
    const { rows: clock } = await client.query<{ until: string }>("select clock_timestamp()::text as until");
    let total: Redriven = { runs: 0, events: 0, refused: 0 };
    for (;;) {
      const { rows } = await client.query<Redriven>(
        "select * from enginejs.redrive_runs($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [workflow, since, clock[0]?.until, tenant, record, error ?? null, BATCH, options.reason ?? null, queue ?? null],
      );
      const { runs = 0, events = 0, refused = 0 } = rows[0] ?? {};
      total = { runs: total.runs + runs, events: total.events + events, refused };
      if (runs < BATCH && events < BATCH) break;
      // What is taken back stays so, whatever happens to this process.
      if (options.dryRun !== true) await client.query("commit; begin; set local role enginejs_owner");
    }
    if (options.dryRun === true) await client.query("rollback; begin");
    return total;
  });
  const { runs, events, refused } = redriven;
  const verb = options.dryRun === true ? "Would be tried again" : "Tried again";
  const text = `${verb}: ${counted(runs, "run")} and ${counted(events, "event")}.${
    refused === 0 ? "" : ` ${counted(refused, "run")} more, whose work was undone, can only be forked.`
  }`;
  return tell(terminal, text, { ...redriven, dryRun: options.dryRun ?? false });
}

const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

function tell(terminal: Terminal, text: string, result: Readonly<Record<string, unknown>>): number {
  terminal.print(text);
  terminal.printJson({ ok: true, ...result });
  return exitCode.ok;
}

async function changeRun(text: string, options: RunOptions): Promise<unknown> {
  requireRunId(options.run);
  return operate(options, ({ client }) => answerOf(client, text, options.run, options.reason));
}

async function changeWorkflow(text: string, options: NameOptions): Promise<unknown> {
  return operate(options, async ({ client }) => {
    await requireWorkflow(client, options.name);
    return answerOf(client, text, options.name, options.reason);
  });
}

async function answerOf(client: pg.Client, text: string, subject: string, reason: string | undefined) {
  const { rows } = await client.query<{ answer: unknown }>(text, [subject, reason ?? null]);
  return rows[0]?.answer;
}

/** @throws EJS1055, EJS1056 for what the core's functions say no to */
async function operate<T>(options: AdministrationOptions, work: (given: Administration) => Promise<T>): Promise<T> {
  return administer(options, async (given) => {
    try {
      return await work(given);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const message = `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`;
      if (error.code === "EJ409") throw projectError("EJS1056", message);
      if (error.code !== "EJ404") throw error;
      const steps = error.hint?.split(", ") ?? [];
      const asked = /"([^"]*)"$/.exec(error.message)?.[1];
      const hint = suggestion(asked, steps, "Steps");
      throw projectError("EJS1055", message, steps.length === 0 ? {} : { hint });
    }
  });
}

async function filterOf({ client, system }: Administration, options: FilterOptions) {
  const { workflow = null, record = null } = options;
  if (workflow !== null) await requireWorkflow(client, workflow);
  if (record !== null && !uuid.test(record)) {
    throw projectError("EJS1002", `--record ${record} is no id.`, { hint: "A record is named by its id, a UUID." });
  }
  const tenant = options.tenant === undefined ? null : await findTenant(client, system, options.tenant);
  return { workflow, record, tenant, since: await sinceOf(client, options.since) };
}

function requireRunId(run: string, what = "The run"): void {
  if (uuid.test(run)) return;
  throw projectError("EJS1055", `${what} "${run}" is no id of a run.`);
}

const errorOf = ({ error, failedStep }: RunDescription): string =>
  failedStep === null ? (error ?? "") : `${failedStep}: ${error ?? ""}`;

const longest = 100;
const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);
