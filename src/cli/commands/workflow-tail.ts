/** `enginejs workflow tail`: follows events, their runs and steps as they happen. */
import { connect } from "../../database/connection.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import type { AdministrationOptions } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import { openDatabase } from "../open-database.ts";
import { printable } from "../render-diagnostics.ts";
import { requireWorkflow } from "../require-workflow.ts";
import { RunFollower, type TailEntry } from "../run-follower.ts";
import { untilAskedToStop } from "../shutdown.ts";
import type { Terminal } from "../terminal.ts";

interface TailOptions extends AdministrationOptions {
  readonly workflow?: string;
}

/** Between looks, where nothing rings, in milliseconds: the doorbell only rings for a relay that sleeps. */
const PAUSE = 300;

export async function workflowTail(options: TailOptions, terminal: Terminal): Promise<number> {
  let stopped = false;
  let wake: () => void = () => undefined;
  const database = await openDatabase(findProjectFolder(options.project), options.database);
  try {
    const client = await connect(database.url);
    try {
      await client.query("set role enginejs_owner");
      if (options.workflow !== undefined) await requireWorkflow(client, options.workflow);
      const follower = new RunFollower(options.workflow);
      await follower.begin(client);
      client.on("notification", () => wake());
      await client.query("listen enginejs_workflow");
      terminal.note("Following; Ctrl-C ends it.");
      void untilAskedToStop().then(() => {
        stopped = true;
        wake();
      });
      while (!stopped) {
        for (const entry of await follower.look(client)) print(terminal, entry);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, PAUSE);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    } finally {
      await client.end();
    }
  } finally {
    await database.close();
  }
  return exitCode.ok;
}

/** For programs a line of JSON each. */
function print(terminal: Terminal, entry: TailEntry): void {
  if (terminal.json) process.stdout.write(`${JSON.stringify(entry)}\n`);
  else terminal.print(printable(describe(entry)));
}

function describe(entry: TailEntry): string {
  const time = entry.at.slice(11, 23);
  switch (entry.type) {
    case "event": {
      const by = entry.kind === null ? "" : ` by ${entry.kind}${entry.actor === null ? "" : ` ${entry.actor}`}`;
      return `${time}  event ${entry.id}  ${entry.model}.${entry.action} ${entry.recordId}${by}`;
    }
    case "run": {
      const error = entry.error === null ? "" : `  ${entry.failedStep ?? ""}: ${entry.error}`;
      return `${time}    run ${entry.id}  ${entry.workflow}  ${entry.status}${error}`;
    }
    case "step":
      // With the run: steps of several are between one another.
      return `${time}      step ${entry.run}  ${entry.step}  ${shortened(JSON.stringify(entry.output))}`;
    default:
      return entry satisfies never;
  }
}

const longest = 120;
const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);
