/**
 * The server that the tests run on: TEST_DATABASE_URL, else a container where
 * ENGINEJS_TEST_SERVER=testcontainers asks for one, else the embedded one in a
 * temporary folder. The embedded one starts when the first test asks for a
 * database, so that tests of pure code start nothing.
 */
import { inject } from "vitest";
import { startEmbeddedServer } from "../../src/database/embedded-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A superuser's URL, or the folder of the embedded server. */
    testServer: { readonly url: string } | { readonly folder: string };
    /** Where the test files of a run write down which servers of other versions they have started for all. */
    otherServers: string;
  }
}

let started: Promise<string> | undefined;

/** The URL of the server's maintenance database; its role may create databases and roles. */
export function testServerUrl(): Promise<string> {
  started ??= find();
  return started;
}

async function find(): Promise<string> {
  const server = inject("testServer");
  if ("url" in server) return server.url;
  // Nothing of a test run needs to survive a power failure.
  const settings = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "600" };
  // Never stopped here: the run's global teardown does that, when all test files have ended.
  return (await startEmbeddedServer({ folder: server.folder, settings, port: 0 })).urlOf("postgres");
}
