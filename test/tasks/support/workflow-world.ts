/** The built example with a worker in this process, for tests of what workflows do. */
import type pg from "pg";
import type { Log } from "../../../src/dsl/task.ts";
import type { System, Workflow } from "../../../src/model/index.ts";
import { type RunningWorker, startWorker } from "../../../src/tasks/index.ts";
import {
  createInvoicingDatabase,
  type InvoicingDatabase,
  ids,
  loadInvoicing,
  makeInvoice,
  pay,
  recordBuild,
} from "./invoicing-database.ts";
import { eventually } from "./worker.ts";

export interface RunRow {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly failed_step: string | null;
  readonly error: string | null;
  readonly output: unknown;
  readonly waiting_for: readonly Readonly<Record<string, unknown>>[] | null;
}

export class WorkflowWorld {
  readonly database: InvoicingDatabase;
  readonly client: pg.Client;
  readonly system: System;
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  private worker: RunningWorker | undefined;
  private numbers = 0;

  private constructor(database: InvoicingDatabase, client: pg.Client, system: System) {
    this.database = database;
    this.client = client;
    this.system = system;
  }

  static async make(): Promise<WorkflowWorld> {
    const database = await createInvoicingDatabase();
    return new WorkflowWorld(database, await database.client(), await loadInvoicing());
  }

  /** Builds the model with exactly these workflows. */
  build(workflows: readonly Workflow[], change: Partial<System> = {}): Promise<void> {
    return recordBuild(this.client, { ...this.system, ...change, workflows: [...workflows] });
  }

  /** Builds, and starts a worker with these tasks. */
  async start(
    workflows: readonly Workflow[],
    tasks: Readonly<Record<string, unknown>> = {},
    change: Partial<System> = {},
  ) {
    await this.build(workflows, change);
    await this.startWorker(tasks);
  }

  async startWorker(tasks: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const line =
      (level: string): Log["info"] =>
      (message, fields = {}) =>
        void this.lines.push({ level, message, fields });
    this.worker = await startWorker({
      url: this.database.workerUrl,
      tasks: new Map(Object.entries(tasks)),
      log: { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") },
      patience: 3_000,
    });
  }

  async stopWorker(): Promise<void> {
    await this.worker?.stop();
    this.worker = undefined;
  }

  async end(): Promise<void> {
    await this.stopWorker();
    await this.database.drop();
  }

  /** Makes an invoice and has it paid by a person of billing; its id. */
  async paid(user = ids.biller): Promise<string> {
    this.numbers += 1;
    const invoice = await makeInvoice(this.client, `inv-${this.numbers}`);
    await pay(this.client, invoice, user);
    return invoice;
  }

  /** The newest run of a workflow for a record, or of the id. */
  async run(workflow: string, record: string): Promise<RunRow | undefined> {
    const { rows } = await this.client.query<RunRow>(
      `select r.id, r.status, r.attempts, r.failed_step, r.error, r.output, r.waiting_for
       from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
       where r.workflow = $1 and (e.record_id = $2 or r.id = $2) order by e.id desc`,
      [workflow, record],
    );
    return rows[0];
  }

  /** The run, once it is as asked. */
  until(workflow: string, record: string, is: (run: RunRow) => boolean): Promise<RunRow> {
    let seen: RunRow | undefined;
    return eventually(`${workflow} as asked`, async () => {
      seen = await this.run(workflow, record);
      return seen !== undefined && is(seen) ? seen : undefined;
    }).catch((error: Error) => {
      throw new Error(`${error.message}; last seen: ${JSON.stringify(seen)}`);
    });
  }

  /** The run, once it is finished. */
  ended(workflow: string, record: string): Promise<RunRow> {
    return this.until(workflow, record, ({ status }) => ["done", "failed", "cancelled"].includes(status));
  }

  /** The run, once everything in it waits. */
  parked(workflow: string, record: string): Promise<RunRow> {
    return this.until(workflow, record, ({ status }) => status === "waiting");
  }

  /** As if the time of all that sleep were over: so no test of a sleep depends on how fast the machine is. */
  async wakeSleepers(): Promise<void> {
    await this.client.query("update enginejs.workflow_waits set until = clock_timestamp() where kind = 'timer'");
    await this.client.query(
      "update enginejs.workflow_runs_parked set next_run_at = clock_timestamp() where next_run_at is not null",
    );
  }

  /** Checkpoints by path. */
  async steps(run: string): Promise<Readonly<Record<string, unknown>>> {
    const { rows } = await this.client.query<{ step: string; output: unknown }>(
      "select step, output from enginejs.workflow_run_steps where run_id = $1 order by finished_at",
      [run],
    );
    return Object.fromEntries(rows.map(({ step, output }) => [step, output]));
  }
}
