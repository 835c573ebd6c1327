/** The life of the embedded server, each test in a folder of its own. Slow by nature: each one makes a data folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { connect } from "../../src/database/connection.ts";
import { type EmbeddedServer, startEmbeddedServer, stopAbandonedServer } from "../../src/database/embedded-server.ts";
import { createPool } from "../../src/database/pool.ts";
import { isAlive } from "../../src/database/process-identity.ts";

const root = process.getuid?.() === 0;
const cleanups: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function makeProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "enginejs-embedded-"));
  await chmod(folder, 0o755);
  cleanups.push(async () => {
    // Children that a failed test left were killed by now; nobody uses the server any more.
    if (await stopAbandonedServer(folder)) await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

async function start(folder: string, port?: number): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ folder, ...(port !== undefined && { port }), settings: { fsync: "off" } });
  cleanups.push(() => server.stop());
  return server;
}

async function query(url: string, text: string): Promise<unknown[][]> {
  const client = await connect(url);
  try {
    return (await client.query({ text, rowMode: "array" })).rows;
  } finally {
    await client.end();
  }
}

/** Another process that starts or joins the server and then waits. */
async function startInChild(folder: string): Promise<{ child: ChildProcess; port: number; adopted: boolean }> {
  const module = new URL("../../src/database/embedded-server.ts", import.meta.url).href;
  const script = `
    const { startEmbeddedServer } = await import(${JSON.stringify(module)});
    const server = await startEmbeddedServer({ folder: ${JSON.stringify(folder)}, settings: { fsync: "off" } });
    process.send({ port: server.port, adopted: server.adopted });
    process.on("message", async () => { await server.stop(); process.disconnect(); });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  cleanups.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await ended(child);
  });
  const message = await new Promise<{ port: number; adopted: boolean }>((resolve, reject) => {
    child.once("message", resolve as (value: unknown) => void);
    child.once("exit", (code) => reject(new Error(`child ended with ${code}`)));
  });
  return { child, ...message };
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve));
const postmasterFile = (folder: string) => join(folder, ".enginejs/postgres/cluster/data/postmaster.pid");
const postmaster = (folder: string) => Number(readFileSync(postmasterFile(folder), "utf8").split("\n")[0]);

async function occupy(port: number): Promise<Server> {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return server;
}

describe("the embedded server", () => {
  test("starts, keeps its data, and comes back on the same port", async () => {
    const folder = await makeProject();
    const first = await start(folder);
    expect(first.adopted).toBe(false);
    const [row] = await query(
      first.url,
      `select current_setting('server_version_num')::int / 10000, pg_encoding_to_char(encoding), datlocprovider, datname
       from pg_database where datname = current_database()`,
    );
    expect(row).toEqual([18, "UTF8", "b", "enginejs"]);
    await query(first.url, "create table kept as select 42 as answer");
    const pid = postmaster(folder);
    await first.stop();
    await first.stop();
    expect(isAlive(pid)).toBe(false);

    const second = await start(folder);
    expect(second.port).toBe(first.port);
    expect(await query(second.url, "select answer from kept")).toEqual([[42]]);
  });

  test("listens on 127.0.0.1 alone and asks for the password", async () => {
    const folder = await makeProject();
    const server = await start(folder);
    const [row] = await query(
      server.url,
      `select current_setting('listen_addresses'), current_setting('unix_socket_directories'),
         (select string_agg(distinct auth_method, ',') from pg_hba_file_rules)`,
    );
    expect(row).toEqual(["127.0.0.1", "", "scram-sha-256"]);
    const wrong = new URL(server.url);
    wrong.password = "wrong";
    await expect(connect(wrong.href)).rejects.toMatchObject({ code: "EJS4011" });
  });

  test.skipIf(process.platform === "win32")("lets nobody else read password, data or log", async () => {
    const folder = await makeProject();
    const server = await start(folder);
    const place = join(folder, ".enginejs/postgres");
    for (const path of ["cluster/password", "cluster/data", "log"]) {
      expect(statSync(join(place, path)).mode & 0o077, path).toBe(0);
    }
    const { password } = new URL(server.url);
    expect(readFileSync(join(place, "log"), "utf8")).not.toContain(password);
    expect(await readdir(place)).not.toContain("unfinished");
  });

  test("takes another port where its own is taken, also the second time", async () => {
    const folder = await makeProject();
    const probe = await occupy(0);
    const taken = (probe.address() as { port: number }).port;
    const first = await start(folder, taken);
    expect(first.port).not.toBe(taken);
    await first.stop();
    await occupy(first.port);
    const second = await start(folder, taken);
    expect(second.port).not.toBe(first.port);
    expect(await query(second.url, "select 1")).toEqual([[1]]);
  });

  test("is adopted after its starter was killed", async () => {
    const folder = await makeProject();
    const { child, port } = await startInChild(folder);
    const pid = postmaster(folder);
    child.kill("SIGKILL");
    await ended(child);
    expect(isAlive(pid)).toBe(true);
    const server = await start(folder);
    expect(server).toMatchObject({ adopted: true, port });
    expect(postmaster(folder)).toBe(pid);
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  test("starts again after the server itself was killed", async () => {
    const folder = await makeProject();
    const first = await start(folder);
    await query(first.url, "create table kept as select 1 as x");
    const pid = postmaster(folder);
    process.kill(pid, "SIGKILL");
    const second = await start(folder);
    expect(second.adopted).toBe(false);
    expect(await query(second.url, "select x from kept")).toEqual([[1]]);
  });

  test("does not take a process that has the number of a dead server for that server", async () => {
    const folder = await makeProject();
    const first = await start(folder);
    const lines = readFileSync(postmasterFile(folder), "utf8").split("\n");
    await first.stop();
    // A living process of the server's own user, so that PostgreSQL alone would refuse to start.
    const uid = statSync(join(folder, ".enginejs/postgres/cluster/data")).uid;
    const other = spawn("sleep", ["1000"], { ...(root && { uid }), stdio: "ignore" });
    cleanups.push(() => other.kill("SIGKILL"));
    writeFileSync(postmasterFile(folder), [other.pid, ...lines.slice(1)].join("\n"));
    const second = await start(folder);
    expect(second.adopted).toBe(false);
    expect(postmaster(folder)).not.toBe(other.pid);
    expect(isAlive(other.pid ?? 0)).toBe(true);
  });

  test("is shared by two processes; the one that leaves last stops it", async () => {
    const folder = await makeProject();
    const { child, port } = await startInChild(folder);
    const here = await start(folder);
    expect(here).toMatchObject({ adopted: true, port });
    const pid = postmaster(folder);
    child.send("stop");
    await ended(child);
    expect(await query(here.url, "select 1")).toEqual([[1]]);
    await here.stop();
    expect(isAlive(pid)).toBe(false);
  });

  test("is one server when several processes start at the same moment", async () => {
    const folder = await makeProject();
    const children = await Promise.all([startInChild(folder), startInChild(folder), startInChild(folder)]);
    const here = await start(folder);
    expect(new Set([here.port, ...children.map(({ port }) => port)]).size).toBe(1);
    expect(children.filter(({ adopted }) => !adopted)).toHaveLength(1);
    expect((await readdir(join(folder, ".enginejs/postgres"))).filter((name) => name.startsWith("unfinished"))).toEqual(
      [],
    );
  });

  test("starting and stopping at the same moment never gives a server that goes away", async () => {
    const folder = await makeProject();
    let last = await start(folder);
    for (let round = 0; round < 4; round++) {
      const [, next] = await Promise.all([last.stop(), start(folder)]);
      expect(await query(next.url, "select 1")).toEqual([[1]]);
      last = next;
    }
  });

  test.skipIf(!root)("works below a home that only root may enter; deleting .enginejs begins anew", async () => {
    const home = await makeProject();
    await chmod(home, 0o700);
    const folder = join(home, "project");
    await mkdir(folder);
    const first = await start(folder);
    await query(first.url, "create table kept as select 42 as answer");
    const location = readFileSync(join(folder, ".enginejs/postgres/location"), "utf8").trim();
    expect(existsSync(join(folder, ".enginejs/postgres/cluster"))).toBe(false);
    expect(statSync(join(location, "cluster/data")).mode & 0o077).toBe(0);
    expect(statSync(join(location, "cluster/password"))).toMatchObject({ uid: 0, mode: 0o100600 });
    expect(statSync(location)).toMatchObject({ uid: 0, mode: 0o040755 });
    await first.stop();

    const second = await start(folder);
    expect(await query(second.url, "select answer from kept")).toEqual([[42]]);
    await second.stop();

    await rm(join(folder, ".enginejs"), { recursive: true });
    const third = await start(folder);
    const newLocation = readFileSync(join(folder, ".enginejs/postgres/location"), "utf8").trim();
    cleanups.unshift(() => rm(newLocation, { recursive: true, force: true }));
    await expect(query(third.url, "select answer from kept")).rejects.toMatchObject({ code: "42P01" });
    expect(existsSync(location)).toBe(false);
  });

  test.skipIf(!root)(
    "the data of a project that is gone goes at the next start of any other; nobody else's does",
    async () => {
      const home = await makeProject();
      await chmod(home, 0o700);
      const placeOf = (folder: string) => readFileSync(join(folder, ".enginejs/postgres/location"), "utf8").trim();
      const makePlace = async (name: string) => {
        const folder = join(home, name);
        await mkdir(folder);
        const server = await start(folder);
        const place = placeOf(folder);
        cleanups.push(() => rm(place, { recursive: true, force: true }));
        return { folder, server, place };
      };
      const gone = await makePlace("gone");
      const kept = await makePlace("kept");
      const running = await makePlace("running");
      const unmounted = await makePlace("unmounted");
      const [other, project] = [join(gone.place, "../.removed-by-a-killed-sweeper"), join(unmounted.place, "project")];
      await mkdir(other);
      for (const { server } of [gone, kept, unmounted]) await server.stop();
      for (const { folder } of [gone, running, unmounted]) await rm(folder, { recursive: true });
      // As if its file system were another one, which is not there today.
      writeFileSync(project, readFileSync(project, "utf8").replace(/"device":(\d+)/, '"device":1$1'));

      await start(await makeProject());
      expect(existsSync(gone.place)).toBe(false);
      expect(existsSync(other)).toBe(false);
      for (const { place } of [kept, running, unmounted]) expect(existsSync(join(place, "cluster/data"))).toBe(true);
      expect(await query(running.server.url, "select 1")).toEqual([[1]]);
    },
  );

  test.skipIf(!root)("a project that comes back while its data is being removed starts anew", async () => {
    const home = await makeProject();
    await chmod(home, 0o700);
    const [folder, away] = [join(home, "project"), join(home, "away")];
    await mkdir(folder);
    await (await start(folder)).stop();
    const location = readFileSync(join(folder, ".enginejs/postgres/location"), "utf8").trim();
    cleanups.push(() => rm(location, { recursive: true, force: true }));
    // The sweeper has shown itself and holds the place; then the project is there again.
    const sweeping = join(location, "users", `stopping-${process.pid}-00000000`);
    writeFileSync(sweeping, "");
    await rename(folder, away);
    await rename(away, folder);
    const starting = start(folder);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await rename(location, `${location}-removed`);
    cleanups.push(() => rm(`${location}-removed`, { recursive: true, force: true }));
    expect(await query((await starting).url, "select 1")).toEqual([[1]]);
    expect(readFileSync(join(folder, ".enginejs/postgres/location"), "utf8").trim()).toBe(location);
  });

  test("stops also when its folder was deleted meanwhile", async () => {
    const folder = await makeProject();
    const server = await start(folder);
    const pid = postmaster(folder);
    await rm(join(folder, ".enginejs"), { recursive: true, force: true });
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  test("data of another version is refused and left alone", async () => {
    const folder = await makeProject();
    await (await start(folder)).stop();
    const version = join(folder, ".enginejs/postgres/cluster/data/PG_VERSION");
    writeFileSync(version, "17\n");
    await expect(startEmbeddedServer({ folder })).rejects.toMatchObject({ code: "EJS4006" });
    expect(readFileSync(version, "utf8")).toBe("17\n");
  });

  test("a server that cannot start says why", async () => {
    const folder = await makeProject();
    await expect(startEmbeddedServer({ folder, settings: { shared_buffers: "nonsense" } })).rejects.toThrow(
      /EJS4004: [\s\S]*invalid value for parameter "shared_buffers"/,
    );
  });

  test("a folder that does not exist is named", async () => {
    const folder = join(tmpdir(), "enginejs-no-such-folder");
    await expect(startEmbeddedServer({ folder })).rejects.toThrow(/EJS4003: .*enginejs-no-such-folder.*does not exist/);
  });

  test("an idle connection that is lost at the stop ends nothing", async () => {
    const folder = await makeProject();
    const server = await start(folder);
    const client = new pg.Client({ connectionString: server.url });
    const lost = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    await server.stop();
    await lost;
    const pool = createPool(server.url);
    await expect(pool.query("select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await pool.end();
  });
});
