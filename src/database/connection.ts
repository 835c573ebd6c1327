/** The one place that opens connections: settings that every connection of EngineJS has. */
import pg from "pg";
import { connectionFailure } from "./connection-failure.ts";
import { databaseError } from "./database-error.ts";

export interface ConnectionOptions {
  /** Shown in pg_stat_activity; `enginejs` unless said otherwise. */
  readonly applicationName?: string;
  /** How long to wait for the server's answer, in milliseconds. */
  readonly connectTimeout?: number;
  /** The server ends a statement that takes longer, in milliseconds; none unless given. */
  readonly statementTimeout?: number;
  /** Statements that are given to the connection at the same time are sent at once, each on its own; false unless given. */
  readonly pipeline?: boolean;
  /** How values are read; as node-postgres does unless given. */
  readonly types?: pg.CustomTypesConfig;
  /** Told of the loss of a connection that nobody is using; the next use opens a new one. Never holds the password. */
  readonly onLost?: (error: Error) => void;
}

/** Settings for `new pg.Client` or `new pg.Pool`. */
export function connectionSettings(url: string, options: ConnectionOptions = {}): pg.ClientConfig {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw databaseError(
      "EJS4016",
      "The database URL is not of the form postgresql://user:password@host:5432/database.",
    );
  }
  return {
    connectionString: driverUrl(url),
    application_name: options.applicationName ?? "enginejs",
    connectionTimeoutMillis: options.connectTimeout ?? 10_000,
    keepAlive: true,
    ...(options.types !== undefined && { types: options.types }),
    ...(options.pipeline !== undefined && { pipeline: options.pipeline }),
    ...(options.statementTimeout !== undefined && { statement_timeout: options.statementTimeout }),
  };
}

/** node-pg and graphile-migrate leave these characters of a database's name encoded, and then miss it. */
export function driverUrl(url: string): string {
  const { pathname } = new URL(url);
  const decoded = pathname.replaceAll(/%(24|26|2B|2C|3A|3B|3D|40)/gi, (code) => decodeURIComponent(code));
  return Object.assign(new URL(url), { pathname: decoded }).href;
}

/**
 * An open connection; the caller ends it. Failures are readable and never hold the password.
 *
 * @example const client = await connect(url); try { … } finally { await client.end(); }
 */
export async function connect(url: string, options: ConnectionOptions = {}): Promise<pg.Client> {
  const client = new pg.Client(connectionSettings(url, options));
  // Without a listener, a connection that drops while idle would end the process.
  client.on("error", (error) => options.onLost?.(error));
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionFailure(error, url);
  }
  return client;
}
