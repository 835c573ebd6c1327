/** What the parts of a storm share: its server, its workers, and the outside world of their tasks. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { Workflow } from "../../../src/model/index.ts";
import { loadInvoicing, recordBuild } from "./invoicing-database.ts";
import { type StormServer, startStormServer } from "./storm-server.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker.ts";

/** A task has begun: a line of the outside world. */
export interface Beginning {
  readonly key: string;
  /** By the host's clock, which is PostgreSQL's as well. */
  readonly at: number;
  readonly pid: number;
  readonly token: string;
  readonly about: unknown;
}

/** A process stood still, and may have done what it was about to do when it woke. */
interface Freeze {
  readonly pid: number;
  readonly from: number;
  until: number;
}

/** So long after it wakes a process may not know yet that it was replaced. */
const WAKING = 5_000;

export class StormWorld {
  readonly server: StormServer;
  readonly workers: WorkerProcess[] = [];
  /** All that there ever were. */
  private readonly started: WorkerProcess[] = [];
  private readonly freezes: Freeze[] = [];
  /** Workers that ended without having been killed, and what they said last: whatever befalls the server, none may. */
  readonly collapsed: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "enginejs-storm-outside-"));
  private readonly file = join(this.folder, "beginnings");

  private constructor(server: StormServer) {
    this.server = server;
    writeFileSync(this.file, "");
  }

  static async make(): Promise<StormWorld> {
    return new StormWorld(await startStormServer());
  }

  async build(workflows: readonly Workflow[]): Promise<void> {
    const system = await loadInvoicing();
    await this.as((client) => recordBuild(client, { ...system, workflows: [...workflows] }));
  }

  startWorker(environment: Readonly<Record<string, string>> = {}): WorkerProcess {
    const worker = startWorkerProcess(this.server, { STORM_FILE: this.file, ...environment }, "storm-worker.ts");
    this.workers.push(worker);
    this.started.push(worker);
    void worker.ended.then((how) => {
      this.remove(worker);
      if (how === "SIGKILL") return;
      const said = worker.log.slice(-8).map(({ message }) => message);
      this.collapsed.push(`${how}: ${said.join(" / ")}`);
    });
    return worker;
  }

  freeze(worker: WorkerProcess): void {
    worker.process.kill("SIGSTOP");
    this.freezes.push({ pid: worker.process.pid ?? 0, from: Date.now(), until: Number.POSITIVE_INFINITY });
  }

  wake(worker: WorkerProcess): void {
    const freeze = this.freezes.findLast(({ pid }) => pid === worker.process.pid);
    if (freeze !== undefined) freeze.until = Date.now();
    worker.process.kill("SIGCONT");
  }

  /** Everything that has begun outside, in its order. */
  beginnings(): Beginning[] {
    return readFileSync(this.file, "utf8")
      .split("\n")
      .filter((text) => text !== "")
      .map((text) => JSON.parse(text) as Beginning);
  }

  /** Whether a zombie did it, which did not know yet that others have its runs. */
  byZombie({ pid, at }: Beginning): boolean {
    return this.freezes.some((freeze) => freeze.pid === pid && at >= freeze.from - 50 && at <= freeze.until + WAKING);
  }

  /** With a connection that is open, again where it is lost. */
  async as<T>(work: (client: pg.Client) => Promise<T>, seconds = 30): Promise<T> {
    for (const until = Date.now() + seconds * 1_000; ; await delay(100)) {
      let client: pg.Client | undefined;
      try {
        client = await this.server.connect();
        return await work(client);
      } catch (error) {
        if (Date.now() > until || !isLost(error)) throw error;
      } finally {
        await client?.end().catch(() => undefined);
      }
    }
  }

  rows<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.as(async (client) => (await client.query<Row>(text, values)).rows);
  }

  /** The errors that workers have told of. */
  complaints(): string[] {
    const said = this.started.flatMap(({ log }) => log.filter(({ level }) => level === "error" || level === "stderr"));
    return said.map(({ message }) => message);
  }

  private remove(worker: WorkerProcess): void {
    const index = this.workers.indexOf(worker);
    if (index >= 0) this.workers.splice(index, 1);
  }

  async end(): Promise<void> {
    await Promise.all(this.started.map((worker) => worker.kill()));
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Of a connection, not of a statement; or it met a table that is being rewritten. */
export function isLost(error: unknown): boolean {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  return (
    /^(57P0.|08...|40P01|ECONN.*|EPIPE)$/.test(code) ||
    /terminated|timeout|connection error|not queryable/i.test(message)
  );
}
