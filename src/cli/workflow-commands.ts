/** The commands of those who operate workflows. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { AddCommand } from "./administration-commands.ts";

/** Options that many commands share, made anew for each. */
interface SharedOptions {
  readonly project: () => Option;
  readonly database: () => Option;
  readonly json: () => Option;
}

const statuses = ["pending", "processing", "waiting", "paused", "compensating", "done", "failed", "cancelled"];

export function addWorkflowCommands(program: Command, add: AddCommand, shared: SharedOptions): void {
  const common = (command: Command): Command =>
    command.addOption(shared.project()).addOption(shared.database()).addOption(shared.json());
  const filtered = (command: Command): Command =>
    command
      .option("--workflow <name>", "only of this workflow")
      .option("--since <time>", "not older than this: 15m, 7d, or since 2030-01-31")
      .option("--tenant <tenant>", "only of this tenant: its id or name")
      .option("--record <id>", "only about the record with this id");
  const reasoned = (command: Command): Command =>
    command.option("--reason <text>", "why; kept in the log of administration");
  const module = () => import("./commands/workflow.ts");

  const workflow = program
    .command("workflow")
    .description("look at the runs of workflows, and put right what went wrong")
    .addHelpText("after", workflowHelp);
  common(
    filtered(add(workflow, "list", "show runs, the newest first", "", async () => (await module()).workflowList))
      .addOption(new Option("--status <status>", "only those in this state").choices(statuses))
      .option("--limit <number>", "how many at most", entries, 50)
      .option("--after <run>", "those after this one: the last of the page before"),
  );
  common(
    add(
      workflow,
      "show",
      "show a run: its event, its steps, what it waits for, why it failed",
      "",
      async () => (await module()).workflowShow,
    ).argument("<run>", "the run's id"),
  );
  common(
    add(
      workflow,
      "start",
      "start a workflow, in somebody's name",
      startHelp,
      async () => (await import("./commands/workflow-start.ts")).workflowStart,
    )
      .argument("<name>", "the workflow")
      .option("--input <json>", "what it is given")
      .option("--as <person>", "in whose name: a person's id, e-mail address, or label of the seed's people")
      .option("--tenant <tenant>", "in which tenant: its id or name; needed only where the person belongs to several")
      .option("--wait", "wait for its end, and print what it gives")
      .option("--timeout <seconds>", "how long to wait at most", entries, 60),
  );
  common(
    add(
      workflow,
      "signal",
      "tell the runs that wait for a signal, and start the workflows whose trigger it is",
      signalHelp,
      async () => (await import("./commands/workflow-signal.ts")).workflowSignal,
    )
      .argument("<name>", "the signal")
      .argument("<key>", "whom it is for: what the waiting step says as its key")
      .option("--payload <json>", "what it says"),
  );
  common(
    reasoned(
      add(
        workflow,
        "retry",
        "try a failed run again from its failed step, with its checkpoints",
        "",
        async () => (await module()).workflowRetry,
      ).argument("<run>", "the run's id"),
    ),
  );
  common(
    reasoned(
      add(
        workflow,
        "cancel",
        "end a run; what it did is undone by its compensations",
        "",
        async () => (await module()).workflowCancel,
      ).argument("<run>", "the run's id"),
    ),
  );
  common(
    reasoned(
      add(
        workflow,
        "skip",
        "pass over a failed run that those of its key wait for, where a workflow halts in order",
        "",
        async () => (await module()).workflowSkip,
      ).argument("<run>", "the run's id"),
    ),
  );
  common(
    reasoned(
      add(
        workflow,
        "pause",
        "let a workflow start no new runs and its queued ones wait; or let one run wait",
        pauseHelp,
        async () => (await module()).workflowPause,
      ).argument("<name>", "a workflow, or a run's id"),
    ),
  );
  common(
    reasoned(
      add(
        workflow,
        "resume",
        "let a paused workflow or run go on, with all that has waited meanwhile",
        "",
        async () => (await module()).workflowResume,
      ).argument("<name>", "a workflow, or a run's id"),
    ),
  );
  common(
    reasoned(
      add(
        workflow,
        "fork",
        "make a new run of a run's event that begins at a step, with the checkpoints before it",
        forkHelp,
        async () => (await module()).workflowFork,
      )
        .argument("<run>", "the run's id")
        .requiredOption("--from-step <step>", "the step that it begins at")
        .option("--newest", "by the definition of the newest build instead of the run's own"),
    ),
  );
  common(
    reasoned(
      filtered(
        add(
          workflow,
          "redrive",
          "try dead letters again, in bulk",
          redriveHelp,
          async () => (await module()).workflowRedrive,
        )
          .option("--queue <name>", "only those that follow a message of this queue")
          .option("--error <text>", "only those whose error has this text")
          .option("--all", "all of them, where nothing else is said")
          .option("--dry-run", "show how many there are, and change nothing"),
      ),
    ),
  );
  common(
    add(
      workflow,
      "tail",
      "follow events, their runs and steps as they happen",
      tailHelp,
      async () => (await import("./commands/workflow-tail.ts")).workflowTail,
    ).option("--workflow <name>", "only runs of this workflow"),
  );
}

function entries(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError("It is a number from 1 to 9999.");
  return Number(text);
}

const workflowHelp = `
Whatever changes something is a line of "enginejs audit --kind workflow". psql does the same by the functions enginejs.list_runs,
show_run, retry_run, fork_run, cancel_run, skip_run, pause_workflow, resume_workflow, pause_run, resume_run, redrive_runs.

Examples:
  enginejs workflow list --status failed --since 1d
  enginejs workflow show 00000000-0000-002a-9f0c-0c2d2a7a3a11
  enginejs workflow redrive --workflow receipt-on-paid --error "connection refused"
  enginejs workflow pause receipt-on-paid --reason "the mail provider is down"

Exit codes:
  0  done
  1  no such workflow, run or step, or the run cannot do that now
  2  wrong use of the command line
  3  the database cannot be reached`;

const startHelp = `
Its steps have the rights of the person that --as names; a worker has to run. The input is checked before anything starts.

Example:
  enginejs workflow start monthly-report --input '{"month": "2026-11"}' --as biller@example.com --wait`;

const signalHelp = `
Where nobody waits for it yet, it is kept for the first run that does. "enginejs workflow show RUN" has the name and the key of what a run waits for.

Example:
  enginejs workflow signal parcel-reported 0190f7a2-5b7e-7c11-9d9a-3a0f6f2b8c01 --payload '{"state": "lost"}'`;

const pauseHelp = `
What is at a step goes on until it ends or waits, and what is being undone is undone. Events are kept. It outlives restarts and builds.`;

const forkHelp = `
The new run has an id and idempotency keys of its own. Steps that compensations have undone are done anew, wherever they stand.

Example:
  enginejs workflow fork 00000000-0000-002a-9f0c-0c2d2a7a3a11 --from-step mail --newest`;

const redriveHelp = `
Failed runs try their failed step again, the oldest first, a thousand per transaction; what fails again meanwhile is left alone.

Examples:
  enginejs workflow redrive --workflow receipt-on-paid --since 1d
  enginejs workflow redrive --queue order-events
  enginejs workflow redrive --all --dry-run`;

const tailHelp = `
Follows what happens from now on to the newest 500 events, and to every run that a worker is at. With --json each line is a
JSON object of the type event, run or step.

Example:
  enginejs workflow tail --workflow receipt-on-paid`;
