/** Server and worker in this process, as `enginejs dev` runs them. */
import type { Logger } from "pino";
import type { Logins } from "../database/logins.ts";
import { EngineError } from "../errors/engine-error.ts";
import type { ProjectConfig } from "../project/config-schema.ts";
import type { TokenSettings } from "../project/token-settings.ts";
import { createServer, type RunningServer } from "../server/index.ts";
import { type RunningWorker, startWorker } from "../tasks/index.ts";
import { nextFreePort } from "./free-port.ts";
import { messageLog } from "./message-log.ts";

export interface ServicesOptions {
  readonly logins: Logins;
  readonly jwt: TokenSettings | undefined;
  readonly config: ProjectConfig;
  /** What each task file exports, by its name. */
  readonly tasks: ReadonlyMap<string, unknown>;
  /** A secret that signs webhooks, by the name of its variable. */
  readonly secret: (variable: string) => string | undefined;
  readonly log: Logger;
  /** Taken where it is free, or else the next one that is. */
  readonly port: number;
  /** The port was asked for: no other one will do. */
  readonly exactPort: boolean;
}

export interface Services {
  readonly server: RunningServer;
  readonly worker: RunningWorker;
}

/** Starts both, or neither. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const server = await startServer(options);
  try {
    const worker = await startWorker({
      url: options.logins.workerUrl,
      tasks: options.tasks,
      log: messageLog(options.log),
      secret: options.secret,
      patience: 5_000,
    });
    return { server, worker };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function startServer(options: ServicesOptions): Promise<RunningServer> {
  for (let port = options.port; ; port += 1) {
    const chosen = options.exactPort ? options.port : await nextFreePort(port);
    try {
      return await createServer({
        database: options.logins.serverUrl,
        development: true,
        // The development secret is no secret: nobody else's machine may use it.
        host: "localhost",
        port: chosen,
        stopTimeoutMs: 2_000,
        log: options.log,
        webhookSecret: options.secret,
        ...(options.jwt !== undefined && { jwt: options.jwt }),
        ...(options.config.server?.cors !== undefined && { corsOrigins: options.config.server.cors }),
        ...(options.config.server?.explainDenials !== undefined && {
          explainDenials: options.config.server.explainDenials,
        }),
        ...(options.config.server?.trustProxy !== undefined && { trustProxy: options.config.server.trustProxy }),
      });
    } catch (error) {
      // Somebody took it between our look and the start.
      const taken = error instanceof EngineError && error.code === "EJS5052";
      if (!taken || options.exactPort || chosen === 0) throw error;
      port = chosen;
    }
  }
}
