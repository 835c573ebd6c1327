/** The PostgreSQL that a benchmark runs on: BENCH_DATABASE_URL, or an embedded one with its defaults, in a folder of its own. */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { startEmbeddedServer } from "../src/database/embedded-server.ts";

const root = join(import.meta.dirname, "..");
const execute = promisify(execFile);

export interface BenchServer {
  /** The URL of a database that is made anew by this call. */
  create(name: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startBenchServer(): Promise<BenchServer> {
  const given = process.env.BENCH_DATABASE_URL;
  const folder = await mkdtemp(join(tmpdir(), "enginejs-bench-"));
  // Open to the unprivileged user that runs the server where we are root; the data in it stays closed.
  await chmod(folder, 0o755);
  const server = given === undefined ? await startEmbeddedServer({ folder }) : undefined;
  const base = given ?? server?.url ?? "";
  return {
    async create(name) {
      const client = new pg.Client(base);
      await client.connect();
      await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
      await client.query(`create database ${client.escapeIdentifier(name)}`);
      await client.end();
      const url = new URL(base);
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop() {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs the command line of this checkout, as a user would. */
export async function enginejs(...args: string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, [join(root, "bin/enginejs.js"), ...args], {
    cwd: root,
    maxBuffer: 64 << 20,
  });
  return stdout;
}
