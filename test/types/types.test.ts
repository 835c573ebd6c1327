/** The types of the DSL, by the TypeScript compiler: right lines compile, each wrong one is marked and must not. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { buildProject } from "../support/build-project.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const project = join(import.meta.dirname, "project");
const invoicing = join(repository, "examples/invoicing");
/** Every step that a workflow can have. */
const steps = join(repository, "test/dsl/cases/workflow-steps");

/** What tsc prints; nothing where everything compiles. */
function compile(tsconfig: string): Promise<string> {
  const tsc = join(repository, "node_modules/typescript/bin/tsc");
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, "-p", tsconfig], { cwd: repository }, (error, stdout, stderr) => {
      resolve(error === null ? "" : `${stdout}${stderr}`);
    });
  });
}

describe("a project", () => {
  test("compiles with its declaration file, and each typo is an error", async () => {
    expect(await compile(join(project, "tsconfig.json"))).toBe("");
  });

  test("compiles before its first build, when there is no declaration file", async () => {
    expect(await compile(join(project, "tsconfig.first.json"))).toBe("");
  });

  test("the example compiles", async () => {
    expect(await compile(join(invoicing, "tsconfig.json"))).toBe("");
  });

  test("every step of a workflow compiles, and sees the results before it", async () => {
    expect(await compile(join(steps, "tsconfig.json"))).toBe("");
  });

  test.each([project, invoicing, steps])("the declaration file of %s is what its model gives", async (root) => {
    const built = await buildProject(root);
    expect(built.diagnostics).toBeUndefined();
    if (built.diagnostics === undefined) {
      expect(built.declarations).toBe(readFileSync(join(root, "generated.d.ts"), "utf8"));
    }
  });
});
