/** The package as users get it: packed, installed from the tarball into an empty folder, a new project made and run. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repository } from "../project/temporary-project.ts";
import { cleanEnvironment, RunningCli } from "./run-cli.ts";

const env = () => {
  const environment = cleanEnvironment();
  // npm itself runs on the Node of the tests: on an older one it would silently pick older packages.
  return { ...environment, PATH: `${dirname(process.execPath)}${delimiter}${environment.PATH ?? ""}` };
};

function run(command: string, args: readonly string[], cwd: string, timeout = 240_000) {
  const result = spawnSync(command, args, { cwd, env: env(), encoding: "utf8", timeout });
  return { status: result.status, stdout: result.stdout ?? "", stderr: result.stderr ?? "" };
}

const registryAnswers =
  run("npm", ["view", "zod", "version", "--fetch-retries=0", "--fetch-timeout=8000"], tmpdir(), 20_000).status === 0;

let folder: string;
let tarball: string;
beforeAll(async () => {
  if (!registryAnswers) return;
  folder = await mkdtemp(join(tmpdir(), "enginejs-tarball-"));
  await chmod(folder, 0o755);
  const stage = join(folder, "stage");
  await mkdir(stage);
  for (const name of [
    "package.json",
    "bin",
    "sql",
    "migrations",
    "templates",
    "docs",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
  ]) {
    if (existsSync(join(repository, name))) await cp(join(repository, name), join(stage, name), { recursive: true });
  }
  const compiled = run(
    join(repository, "node_modules/.bin/tsc"),
    ["-p", "tsconfig.build.json", "--outDir", join(stage, "dist")],
    repository,
  );
  expect(compiled.stdout + compiled.stderr).toBe("");
  const packed = run("npm", ["pack", "--ignore-scripts", "--json"], stage);
  expect(packed.status, packed.stderr).toBe(0);
  tarball = join(stage, JSON.parse(packed.stdout)[0].filename);
}, 300_000);
afterAll(async () => {
  if (folder) await rm(folder, { recursive: true, force: true });
});

test.skipIf(!registryAnswers)(
  `new, npm install, tsc, dev, in an empty folder${registryAnswers ? "" : " (skipped: npm reaches no registry here)"}`,
  async () => {
    const empty = join(folder, "em pty");
    await mkdir(empty);
    const installed = run("npm", ["install", "--no-audit", "--no-fund", tarball], empty);
    expect(installed.status, installed.stderr).toBe(0);
    expect(readdirSync(join(empty, "node_modules/enginejs"))).not.toContain("src");

    const made = run("npx", ["--no-install", "enginejs", "new", "shop"], empty);
    expect(made.status, made.stderr).toBe(0);
    const shop = join(empty, "shop");
    const { dependencies } = JSON.parse(await readFile(join(shop, "package.json"), "utf8"));
    expect(dependencies.enginejs).toBe(`file:${tarball}`);

    const second = run("npm", ["install", "--no-audit", "--no-fund"], shop);
    expect(second.status, second.stderr).toBe(0);
    const built = run("npx", ["--no-install", "enginejs", "sql", "build"], shop);
    expect(built.status, built.stderr).toBe(0);
    const checked = run("npx", ["--no-install", "tsc"], shop);
    expect(checked.status, checked.stdout).toBe(0);

    const bin = join(shop, "node_modules/enginejs/bin/enginejs.js");
    const dev = new RunningCli(["dev", "--json"], { cwd: shop, bin });
    try {
      const [, url = ""] = await dev.waitFor(/"graphql": "([^"]+)"/);
      const [, token = ""] = await dev.waitFor(/"token": "([^"]+)"/);
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: "{ articles { nodes { slug } } }" }),
      });
      expect(await answer.json()).toEqual({ data: { articles: { nodes: [{ slug: "hello" }] } } });
      dev.interrupt();
      expect((await dev.ended).code).toBe(0);
    } finally {
      await dev.dispose();
    }
  },
  600_000,
);
