/**
 * `enginejs dev` at work: one database, one server, one worker, and a build after every save. A build that fails, for
 * whatever reason, changes nothing of what runs.
 */
import type { Logger } from "pino";
import type { SeedPerson } from "../dsl/seed.ts";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import type { System } from "../model/index.ts";
import type { ProjectConfig } from "../project/config-schema.ts";
import { nextGeneration } from "../project/import-module.ts";
import { loadConfig } from "../project/load-project.ts";
import { loadSeed } from "../project/load-seed.ts";
import { loadTasks } from "../project/load-tasks.ts";
import { tokenSettings } from "../project/token-settings.ts";
import { buildProject } from "./build-project.ts";
import { summaryOf } from "./build-summary.ts";
import { describeAccess } from "./describe-access.ts";
import { findingsOf } from "./findings-of.ts";
import { isFreshDatabase } from "./fresh-database.ts";
import { messageLog } from "./message-log.ts";
import { type OpenDatabase, openDatabase } from "./open-database.ts";
import { readBuildOrNothing } from "./read-build.ts";
import { runSeed } from "./run-seed.ts";
import type { Shutdown } from "./shutdown.ts";
import { type Services, startServices } from "./start-services.ts";
import type { Terminal } from "./terminal.ts";

export interface DevSessionOptions {
  readonly folder: string;
  readonly database: string | undefined;
  readonly port: number | undefined;
  readonly terminal: Terminal;
  readonly shutdown: Shutdown;
  readonly log: Logger;
  /** Called once, when everything runs for the first time. */
  readonly onReady: (state: DevState) => Promise<void>;
}

/** What runs, for those who show it. */
export interface DevState {
  readonly system: System;
  readonly config: ProjectConfig;
  readonly graphql: string;
  /** The server's own login. */
  readonly databaseUrl: string;
  readonly people: readonly SeedPerson[];
}

interface RunningServices extends Services {
  /** The config that they were started with, as text: another one needs another start. */
  readonly settings: string;
}

export class DevSession {
  readonly #options: DevSessionOptions;
  #database: OpenDatabase | undefined;
  #services: RunningServices | undefined;
  /** Of the last model that could be read. */
  #developmentSecrets: ReadonlyMap<string, string> = new Map();

  constructor(options: DevSessionOptions) {
    this.#options = options;
  }

  /** Starts the database, builds, and starts what the build allows. */
  async start(): Promise<void> {
    const { folder, shutdown } = this.#options;
    const database = await openDatabase(folder, this.#options.database);
    this.#database = database;
    await shutdown.add("the database", () => database.close(), { essential: true });
    await shutdown.add("server and worker", () => this.#stopServices());
    if (!shutdown.begun) await this.change();
  }

  /** Builds anew after a change, and has server and worker follow. */
  async change(): Promise<void> {
    const { folder, terminal } = this.#options;
    const database = this.#database;
    if (database === undefined) return;
    const started = Date.now();
    try {
      const outcome = await buildProject(folder, { database: database.url, countingBudget: 5_000 });
      for (const line of describeAccess(outcome.access)) terminal.note(line);
      if (outcome.warnings.length > 0) terminal.report(outcome.warnings);
      const { system, config, developmentSecrets } = outcome.model;
      this.#developmentSecrets = developmentSecrets;
      const first = this.#services === undefined;
      if (first) terminal.note(summaryOf(outcome, Date.now() - started));
      if (this.#options.shutdown.begun) return;
      if (first) await this.#seedIfFresh(database, system);
      await this.#follow(database, system, config);
      // Said when it is true of server and worker as well.
      if (!first) terminal.note(summaryOf(outcome, Date.now() - started));
    } catch (error) {
      // The database is being stopped under it: nobody's mistake.
      if (this.#options.shutdown.begun) return;
      // No save frees a port that was asked for.
      const taken = error instanceof EngineError && error.code === "EJS5052";
      if (taken && this.#options.port !== undefined && this.#services === undefined) throw error;
      const findings = findingsOf(error);
      terminal.report(findings);
      await this.#goOn(database, findings);
    }
  }

  /**
   * After a failed build: what ran goes on; at the start, what the database holds from earlier is served, where that can be.
   *
   * @param told what was reported already
   */
  async #goOn(database: OpenDatabase, told: readonly Diagnostic[]): Promise<void> {
    const { folder, terminal } = this.#options;
    if (this.#services !== undefined) {
      terminal.note("The last good state goes on. Waiting for a change …");
      return;
    }
    // A core of another version cannot be read; that was said already.
    const system = await readBuildOrNothing(database.url).catch(() => undefined);
    const config = await loadConfig(folder).catch(() => undefined);
    if (system === undefined || config === undefined) {
      terminal.note("Nothing runs yet. Waiting for a change …");
      return;
    }
    try {
      await this.#follow(database, system, config);
      terminal.note("The last build that this database holds is served. Waiting for a change …");
    } catch (error) {
      if (this.#options.shutdown.begun) return;
      // Most often what the build has said already: a task that cannot be loaded.
      const known = new Set(told.map((finding) => JSON.stringify(finding)));
      const news = findingsOf(error).filter((finding) => !known.has(JSON.stringify(finding)));
      if (news.length > 0) terminal.report(news);
      terminal.note("Nothing runs yet. Waiting for a change …");
    }
  }

  async #follow(database: OpenDatabase, system: System, config: ProjectConfig): Promise<void> {
    const { folder, log, port } = this.#options;
    nextGeneration();
    const tasks = await loadTasks(folder, { development: true });
    const jwt = tokenSettings(config, { development: true });
    const settings = JSON.stringify([jwt, config.server]);
    const running = this.#services;
    if (running !== undefined && running.settings === settings) {
      await running.server.reload();
      running.worker.reload({ tasks });
      return;
    }
    await this.#stopServices();
    const logins = await database.logins();
    const wanted = port ?? running?.server.port ?? config.server?.port ?? 4000;
    const services = await startServices({
      logins,
      jwt,
      config,
      tasks,
      secret: (variable) => process.env[variable] || this.#developmentSecrets.get(variable),
      log,
      port: wanted,
      exactPort: port !== undefined,
    });
    this.#services = { ...services, settings };
    if (this.#options.shutdown.begun) await this.#stopServices();
    else if (running === undefined) {
      const people = (await loadSeed(folder).catch(() => undefined))?.people ?? [];
      await this.#options.onReady({
        system,
        config,
        graphql: services.server.url,
        databaseUrl: logins.serverUrl,
        people,
      });
    }
  }

  async #seedIfFresh(database: OpenDatabase, system: System): Promise<void> {
    const { folder, terminal, log } = this.#options;
    try {
      if (!(await isFreshDatabase(database.url, system))) return;
      const seed = await loadSeed(folder);
      if (seed === undefined) return;
      const started = Date.now();
      await runSeed(database.url, seed, messageLog(log));
      terminal.note(`Seeded in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
    } catch (error) {
      if (!this.#options.shutdown.begun) terminal.report(findingsOf(error));
    }
  }

  async #stopServices(): Promise<void> {
    const services = this.#services;
    this.#services = undefined;
    if (services !== undefined) await Promise.all([services.server.stop(), services.worker.stop()]);
  }
}
