/** Before the first test file: decides which server the tests run on. After the last one: stops and removes what was started for them. */
import { chmod, lstat, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { stopAbandonedServer } from "../../src/database/embedded-server.ts";
import { isAlive } from "../../src/database/process-identity.ts";
import { programsOf, startOtherPostgres, stopSharedPostgres } from "./other-postgres.ts";
import type {} from "./test-server.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const forget = await keepCompiled();
  const others = await makeFolder();
  project.provide("otherServers", others);
  const stop = await startServer(project);
  return async () => {
    await stop();
    await stopSharedPostgres(others);
    await rm(others, { recursive: true, force: true });
    await forget();
  };
}

/** What Node compiles is kept for the run: hundreds of commands and workers are started, each of the same sources. */
async function keepCompiled(): Promise<() => Promise<void>> {
  if (process.env.NODE_COMPILE_CACHE !== undefined) return async () => undefined;
  const folder = await makeFolder();
  // The test files' processes, and all that they start, inherit it.
  process.env.NODE_COMPILE_CACHE = folder;
  // Processes write there as they end, and one may do so just now: then the next run clears it away.
  return () => rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}

async function startServer(project: TestProject): Promise<() => Promise<void>> {
  const url = process.env.TEST_DATABASE_URL;
  if (url) {
    project.provide("testServer", { url });
    return async () => undefined;
  }
  if (process.env.ENGINEJS_TEST_SERVER === "testcontainers") {
    // Imported only here: it looks for a container engine.
    const { PostgreSqlContainer } = await import("@testcontainers/postgresql");
    const container = await new PostgreSqlContainer(process.env.ENGINEJS_TEST_IMAGE ?? "postgres:18-alpine")
      .withCommand(["-c", "fsync=off", "-c", "max_connections=600"])
      .start();
    project.provide("testServer", { url: container.getConnectionUri() });
    return async () => {
      await container.stop();
    };
  }
  const version = process.env.ENGINEJS_TEST_SERVER ?? "embedded";
  if (version !== "embedded") {
    const programs = programsOf(Number(version));
    if (programs === undefined) {
      throw new Error(
        `ENGINEJS_TEST_SERVER is "testcontainers", "embedded" or an installed version: ${version} is not`,
      );
    }
    const server = await startOtherPostgres(programs);
    project.provide("testServer", { url: server.url });
    return () => server.stop();
  }
  const folder = await makeFolder();
  project.provide("testServer", { folder });
  return () => remove(folder);
}

/** All runs of one user share a parent folder, so that a run can clear away what a killed one has left. */
async function makeFolder(): Promise<string> {
  const parent = join(tmpdir(), `enginejs-test-${process.getuid?.() ?? 0}`);
  await mkdir(parent, { recursive: true });
  if ((await lstat(parent)).uid !== (process.getuid?.() ?? 0)) throw new Error(`${parent} belongs to somebody else`);
  for (const name of await readdir(parent)) {
    const pid = Number(/^run-(\d+)-/.exec(name)?.[1]);
    if (pid && !isAlive(pid)) await remove(join(parent, name));
  }
  const folder = await mkdtemp(join(parent, `run-${process.pid}-`));
  // As root, the server runs as an unprivileged user, who must be able to enter.
  for (const path of [parent, folder]) await chmod(path, 0o755);
  return folder;
}

async function remove(folder: string): Promise<void> {
  if (await stopAbandonedServer(folder)) await rm(folder, { recursive: true, force: true });
}
