/** Every command of the README is run here, in its order. One that no test knows how to run fails. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const commands = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
  (block as string).trim().split("\n"),
);
const scripts = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts as Record<string, string>;

const psqlMissing = (() => {
  try {
    execFileSync("psql", ["--version"]);
    return false;
  } catch {
    return true;
  }
})();

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const environment = () => ({
  ...process.env,
  DATABASE_URL: database.url,
  PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
});

/** What a command must show besides its exit code of 0. */
const shows: Readonly<Record<string, RegExp>> = {
  "npx enginejs sql build": /nothing to do|written/i,
  "npx enginejs inspect Invoice": /create table app\.invoice/,
  'npx enginejs sql build --database "$DATABASE_URL"': /entit|applied|built/i,
  'npx enginejs sql build --database "$DATABASE_URL" --check': /nothing to do/i,
  'npx enginejs seed --database "$DATABASE_URL"': /./,
  'npx enginejs explain --as biller --can pay Invoice 40000000-0000-4000-8000-000000000001 --database "$DATABASE_URL"':
    /allowed: /,
  'npx enginejs try --as biller \'mutation { payInvoice(input: { id: "40000000-0000-4000-8000-000000000001" }) { invoice { status } } }\' --database "$DATABASE_URL"':
    /"paid"[\s\S]*would start receipt-on-paid[\s\S]*rolled back/,
  "npx enginejs policy test": /decided alike[\s\S]*mutants found out: score/,
  'npx enginejs doctor --database "$DATABASE_URL"': /./,
  'npx enginejs token --as biller --database "$DATABASE_URL"': /^ey[\w-]+\.[\w-]+\.[\w-]+$/m,
};
const showsInPsql: readonly [RegExp, RegExp][] = [
  [/\\d\+ app\.invoice/, /forced row security enabled[\s\S]*tenancy[\s\S]*90_emit_update/],
  [/begin_request/, /paid\s*\|\s*[1-9]/],
  [/workflow_events_outbox/, /Invoice\s*\|\s*create\s*\|\s*(done|pending)\s*\|\s*[1-9]/],
];

describe("the README", () => {
  test("has commands", () => expect(commands.length).toBeGreaterThan(8));

  for (const command of commands) {
    if (command === "npm install && npm start") {
      test(command, () => startsAndStops());
    } else if (command === "npm install && npm test") {
      test(`${command}: is what runs this`, () => expect(scripts.test).toBe("vitest run"));
    } else if (command.startsWith("npx enginejs new ")) {
      test(`${command}: test/cli/tarball.test.ts runs it from the packed package`, () => {
        expect(readFileSync(join(root, "test/cli/tarball.test.ts"), "utf8")).toContain('"new", "shop"');
      });
    } else if (command.startsWith("psql ")) {
      test.skipIf(psqlMissing)(`${command} (needs psql)`, async () => {
        const [, expected] = showsInPsql.find(([part]) => part.test(command)) ?? [];
        expect(expected, "a psql command that this test does not know").toBeDefined();
        expect(await run(command)).toMatch(expected as RegExp);
      });
    } else {
      test(command, async () => {
        expect(Object.keys(shows)).toContain(command);
        expect(await run(command)).toMatch(shows[command] as RegExp);
      });
    }
  }
});

async function run(command: string): Promise<string> {
  const { DATABASE_URL, ...others } = environment();
  // A scratch database is more than a plain owner may make: where no database is named, the embedded server has one.
  const scratch = command.endsWith("policy test");
  const { stdout, stderr } = await promisify(execFile)("bash", ["-c", command], {
    cwd: root,
    env: { ...others, ...(scratch ? {} : { DATABASE_URL }), NODE_ENV: "development" },
  });
  return stdout + stderr;
}

/** Starts it on the embedded server, whatever the environment says of others, until it says how to ask; then Ctrl-C. */
async function startsAndStops(): Promise<void> {
  const { DATABASE_URL: _, ...env } = environment();
  const child = spawn("npm", ["start"], { cwd: root, env, detached: true });
  let output = "";
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
        if (output.includes("Ctrl-C stops everything")) resolve();
      });
    }
    child.once("exit", (code) => reject(new Error(`npm start ended with ${code}:\n${output}`)));
  });
  try {
    const url = /http:\S+\/graphql/.exec(output)?.[0] ?? "";
    const token = /^\s+(ey[\w-]+\.[\w-]+\.[\w-]+)$/m.exec(output)?.[1];
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: "{ invoices(first: 1) { nodes { number } } }" }),
    });
    expect(await response.json()).toMatchObject({ data: { invoices: { nodes: [{ number: expect.any(String) }] } } });
  } finally {
    process.kill(-(child.pid as number), "SIGINT");
    await ended;
  }
}
