/** `enginejs serve`: the GraphQL server, from the build that the database holds. */
import { loadConfig } from "../../project/load-project.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { tokenSettings } from "../../project/token-settings.ts";
import { createServer } from "../../server/index.ts";
import { exitCode } from "../exit-code.ts";
import { createLogger } from "../logger.ts";
import type { MetricsAddress } from "../metrics-address.ts";
import { openDatabase } from "../open-database.ts";
import { secretSource } from "../secret-source.ts";
import { Shutdown, untilAskedToStop } from "../shutdown.ts";
import type { Terminal } from "../terminal.ts";

export interface ServeOptions {
  readonly project?: string;
  readonly database?: string;
  readonly port?: number;
  readonly host?: string;
  readonly metrics?: MetricsAddress;
  readonly json?: boolean;
}

export async function serve(options: ServeOptions, _terminal: Terminal): Promise<number> {
  const shutdown = new Shutdown();
  const asked = untilAskedToStop(() => shutdown.hurry());
  const folder = findProjectFolder(options.project);
  const config = await loadConfig(folder);
  const jwt = tokenSettings(config, { development: process.env.NODE_ENV === "development" });
  const webhookSecret = await secretSource(folder);
  const log = createLogger();
  try {
    const database = await openDatabase(folder, process.env.SERVER_DATABASE_URL || options.database);
    await shutdown.add("the database", () => database.close(), { essential: true });
    const port = options.port ?? config.server?.port;
    const server = await createServer({
      database: await database.serviceUrl("server"),
      log,
      webhookSecret,
      ...(jwt !== undefined && { jwt }),
      ...(port !== undefined && { port }),
      ...(options.host !== undefined && { host: options.host }),
      ...(options.metrics !== undefined && { metrics: options.metrics }),
      ...(config.server?.cors !== undefined && { corsOrigins: config.server.cors }),
      ...(config.server?.explainDenials !== undefined && { explainDenials: config.server.explainDenials }),
      ...(config.server?.trustProxy !== undefined && { trustProxy: config.server.trustProxy }),
    });
    await shutdown.add("the server", () => server.stop());
    log.info({ url: server.url }, "serving");
    await asked;
  } finally {
    await shutdown.run();
  }
  log.info("stopped");
  return exitCode.ok;
}
