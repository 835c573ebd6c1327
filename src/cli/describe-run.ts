/** A run in words, as `enginejs.list_runs` and `enginejs.show_run` give it. */
export interface RunDescription {
  readonly id: string;
  readonly workflow: string;
  readonly status: string;
  readonly attempts: number;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly failedStep: string | null;
  readonly error: string | null;
  readonly cancel: string | null;
  readonly waitingFor: readonly Readonly<Record<string, unknown>>[];
  readonly output: unknown;
  readonly eventId: string;
  readonly model: string;
  readonly action: string;
  readonly recordId: string;
  readonly tenant: string | null;
  readonly actor: Readonly<Record<string, unknown>> | null;
  readonly origin: Readonly<Record<string, unknown>> | null;
}

export interface ShownRun extends RunDescription {
  readonly event: Readonly<Record<string, unknown>>;
  readonly steps: readonly {
    readonly step: string;
    /** The task that it has called: a file of `tasks/`, or a plugin's step. */
    readonly task: string | null;
    readonly output: unknown;
    readonly finishedAt: string;
  }[];
  /** The task that the failed step calls. */
  readonly failedTask: string | null;
  readonly others: readonly { readonly id: string; readonly workflow: string; readonly status: string }[];
}

/** What it waits for, in a few words: `signal delivered (INV-7), approval ask`. */
export function waitsFor({ waitingFor }: RunDescription): string {
  return waitingFor.map(describeWait).join(", ");
}

function describeWait(wait: Readonly<Record<string, unknown>>): string {
  const { kind, step, name, key, run, until, reason, error } = wait;
  const what = {
    timer: `until ${until}`,
    signal: `signal ${name} (${key})`,
    approval: `approval ${step}`,
    child: `workflow ${name} (${run})`,
    retry: `another attempt at ${step}${until === undefined ? "" : ` at ${until}`}: ${error}`,
    worker: "a free worker",
    step: `its step, at worker ${wait.worker}`,
    turn: `its turn${key === undefined ? "" : ` (${key})`}${run === undefined ? "" : ` after ${run}`}${until === undefined ? "" : `, not before ${until}`}`,
    operator: `an operator${reason === undefined ? "" : `: ${reason}`}`,
  }[String(kind)];
  return what ?? JSON.stringify(wait);
}

/** How often a worker has begun or gone on with a run: after each wait and before each attempt, not only after a failure. */
const takenUp = (times: number) =>
  times === 0 ? "not taken up yet" : times === 1 ? "taken up once" : `taken up ${times} times`;

/** Lines about a run, for people. */
export function* describeRun(run: ShownRun): Iterable<string> {
  yield `run        ${run.id}`;
  yield `workflow   ${run.workflow}`;
  yield `status     ${run.status}, ${takenUp(run.attempts)}`;
  yield `event      ${run.model}.${run.action} of ${run.recordId}, number ${run.eventId}, ${run.event.createdAt}`;
  const { kind = "nobody", id = null } = run.actor ?? {};
  yield `actor      ${kind}${id === null ? "" : ` ${id}`}${run.tenant === null ? "" : ` in tenant ${run.tenant}`}`;
  if (run.waitingFor.length > 0) yield `waits for  ${waitsFor(run)}`;
  const failed = run.failedStep === null ? "" : `${named(run.failedStep, run.failedTask)}: `;
  if (run.error !== null) yield `error      ${failed}${run.error}`;
  if (run.cancel !== null) yield `cancelled  ${run.cancel}`;
  if (run.finishedAt !== null) yield `finished   ${run.finishedAt}`;
  if (run.output !== null) yield `output     ${JSON.stringify(run.output)}`;
  if (run.steps.length > 0) yield "steps";
  for (const { step, task, output, finishedAt } of run.steps) {
    yield `  ${finishedAt}  ${named(step, task)}  ${shortened(JSON.stringify(output))}`;
  }
  if (run.others.length > 0) yield "other runs of the event";
  for (const { id: other, workflow, status } of run.others) yield `  ${other}  ${workflow}  ${status}`;
}

/** `tell (slack/post-message)`; a task of the step's own name is not told twice. */
const named = (step: string, task: string | null): string =>
  task === null || task === step ? step : `${step} (${task})`;

const longest = 160;
const shortened = (text: string): string =>
  text.length > longest ? `${text.slice(0, longest)}… (--json shows all)` : text;
