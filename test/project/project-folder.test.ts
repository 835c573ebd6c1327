import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProjectFolder } from "../../src/project/project-folder.ts";

let root: string;
const before = process.cwd();
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "enginejs-folder-")));
});
afterEach(() => {
  process.chdir(before);
  rmSync(root, { recursive: true });
});

function makeProject(...parts: string[]): string {
  const folder = join(root, ...parts);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "enginejs.config.ts"), "");
  return folder;
}

test("the nearest config upwards", () => {
  const folder = makeProject("shop");
  mkdirSync(join(folder, "domain"));
  process.chdir(join(folder, "domain"));
  expect(findProjectFolder()).toBe(folder);
});

test("a package.json names the project below it", () => {
  const folder = makeProject("apps", "backend");
  writeFileSync(join(root, "package.json"), JSON.stringify({ enginejs: { project: "apps/backend" } }));
  process.chdir(root);
  expect(findProjectFolder()).toBe(folder);
});

test("a package.json that names a folder without a config is said to do so", () => {
  writeFileSync(join(root, "package.json"), JSON.stringify({ enginejs: { project: "nowhere" } }));
  process.chdir(root);
  expect(() => findProjectFolder()).toThrow(/nowhere does not exist/);
});

test("a package.json that is no JSON is passed over", () => {
  const folder = makeProject();
  mkdirSync(join(folder, "inner"));
  writeFileSync(join(folder, "inner", "package.json"), "{");
  process.chdir(join(folder, "inner"));
  expect(findProjectFolder()).toBe(folder);
});
