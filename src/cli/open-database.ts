/** The database of a command: the one that was named, or the project's embedded one. */
import { connect } from "../database/connection.ts";
import { startEmbeddedServer } from "../database/embedded-server.ts";
import { ensureLogins, type Logins } from "../database/logins.ts";
import { admitOwner, type Service } from "../database/require-service-rights.ts";
import { withProgress } from "./progress.ts";

export interface OpenDatabase {
  /** The owner's: builds, seeds. */
  readonly url: string;
  /** True for the project's own server, which `close` stops unless another process uses it. */
  readonly embedded: boolean;
  /** URLs for the server and the worker, with the rights of those and no others where that can be had. Needs a migrated database. */
  logins(): Promise<Logins>;
  /** The URL for one of them alone; the owner's own login is given what it lacks. */
  serviceUrl(service: Service): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens the database; the caller closes it.
 *
 * @param given `--database` or DATABASE_URL; empty or undefined means the embedded one
 */
export async function openDatabase(folder: string, given: string | undefined): Promise<OpenDatabase> {
  if (given) {
    // Fails here, readably, rather than in the middle of something.
    await (await connect(given)).end();
    return {
      url: given,
      embedded: false,
      logins: () => namedLogins(given),
      serviceUrl: (service) => admitted(given, service),
      close: async () => undefined,
    };
  }
  const server = await withProgress("starting PostgreSQL", () => startEmbeddedServer({ folder }));
  return {
    url: server.url,
    embedded: true,
    logins: () => ensureLogins(server.url),
    serviceUrl: async (service) => (await ensureLogins(server.url))[service === "server" ? "serverUrl" : "workerUrl"],
    close: () => server.stop(),
  };
}

/** On somebody's server no login is made: those that the environment names are used, or the owner's own is admitted. */
async function namedLogins(url: string): Promise<Logins> {
  const serverUrl = process.env.SERVER_DATABASE_URL || url;
  const workerUrl = process.env.WORKER_DATABASE_URL || url;
  if (serverUrl === url || workerUrl === url) {
    const client = await connect(url);
    try {
      await admitOwner(client, "worker");
    } finally {
      await client.end();
    }
  }
  return { serverUrl, workerUrl };
}

async function admitted(url: string, service: Service): Promise<string> {
  const client = await connect(url);
  try {
    await admitOwner(client, service);
  } finally {
    await client.end();
  }
  return url;
}
