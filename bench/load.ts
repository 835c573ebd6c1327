/** Loads a database with the same transaction again and again, and counts how many there are a second. */
import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";

/** pgbench, where the machine has one. */
const pgbench = ["/usr/bin/pgbench", "/usr/local/bin/pgbench", ...globSync("/usr/lib/postgresql/*/bin/pgbench")].find(
  existsSync,
);

export interface LoadOptions {
  readonly url: string;
  /** Random whole numbers, from and to, that each transaction picks anew: `:name` in the statements. */
  readonly pick: Readonly<Record<string, readonly [number, number]>>;
  /** Texts that are the same for each transaction: `:name` in the statements, a parameter of the type that its place asks for. */
  readonly given?: Readonly<Record<string, string>>;
  /** Sent as one pipeline. */
  readonly statements: readonly string[];
  readonly seconds: number;
  readonly clients: number;
  /** Settings of each connection; no blanks in them. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What drives the load, for the unit of the figures. */
export const driver = pgbench === undefined ? "driven by Node" : "driven by pgbench";

/**
 * Transactions per second, prepared statements: by pgbench; where the machine has none, by connections of this process,
 * whose own work then hides a part of the differences.
 */
export function load(options: LoadOptions): Promise<number> {
  return pgbench === undefined ? byNode(options) : byPgbench(pgbench, options);
}

async function byPgbench(program: string, options: LoadOptions): Promise<number> {
  const { url, pick, given = {}, statements, seconds, clients, settings = {} } = options;
  const folder = await mkdtemp(join(tmpdir(), "enginejs-pgbench-"));
  try {
    const file = join(folder, "script.sql");
    const picks = Object.entries(pick).map(([name, [from, to]]) => `\\set ${name} random(${from}, ${to})`);
    const sent = statements.map((statement) => `${statement};`);
    const lines = sent.length > 1 ? ["\\startpipeline", ...sent, "\\endpipeline"] : sent;
    await writeFile(file, `${[...picks, ...lines].join("\n")}\n`);
    const defined = Object.entries(given).flatMap(([name, value]) => ["-D", `${name}=${value}`]);
    const { stdout } = await promisify(execFile)(
      program,
      ["-n", "-M", "prepared", ...defined, "-c", String(clients), "-j", "2", "-T", String(seconds), "-f", file, url],
      {
        env: {
          ...process.env,
          PGOPTIONS: Object.entries(settings)
            .map(([name, value]) => `-c ${name}=${value}`)
            .join(" "),
        },
      },
    );
    const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
    if (tps === undefined) throw new Error(`pgbench printed no tps:\n${stdout}`);
    return Number(tps);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function byNode(options: LoadOptions): Promise<number> {
  const { url, pick, given = {}, statements, seconds, clients, settings = {} } = options;
  const names = [...Object.keys(pick), ...Object.keys(given)];
  const prepared = statements.map((statement, i) => {
    const used = names.filter((name) => new RegExp(`:${name}\\b`).test(statement));
    const text = used.reduce(
      (all, name, j) => all.replace(new RegExp(`:${name}\\b`, "g"), name in given ? `$${j + 1}` : `$${j + 1}::bigint`),
      statement,
    );
    return { name: `s${i}`, text, used };
  });
  const end = performance.now() + seconds * 1000;
  const drive = async () => {
    const client = new pg.Client({
      connectionString: url,
      pipeline: true,
      options: Object.entries(settings)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(" "),
    } as pg.ClientConfig);
    await client.connect();
    try {
      let done = 0;
      for (; performance.now() < end; done++) {
        const picked = Object.entries(pick).map(([name, [from, to]]): [string, number] => [
          name,
          from + Math.floor(Math.random() * (to - from + 1)),
        ]);
        const values: Record<string, number | string> = { ...given, ...Object.fromEntries(picked) };
        await Promise.all(
          prepared.map(({ name, text, used }) =>
            client.query({ name, text, values: used.map((variable) => values[variable]) }),
          ),
        );
      }
      return done;
    } finally {
      await client.end();
    }
  };
  const counts = await Promise.all(Array.from({ length: clients }, drive));
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}
