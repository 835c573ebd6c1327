/**
 * Models as folders of real files: `cases/<name>/` holds the files of a project, and
 * what becomes of them: `errors.txt`, every finding as a person reads it, or `model.json`, the IR.
 * `UPDATE_CASES=1 vitest run test/dsl/cases.test.ts` writes what is expected; never in CI.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../src/errors/diagnostic.ts";
import { canonicalText } from "../../src/model/index.ts";
import { buildProject } from "../support/build-project.ts";

const folder = join(import.meta.dirname, "cases");
const update = process.env.UPDATE_CASES !== undefined;
if (update && process.env.CI) throw new Error("CI compares, it does not write.");

function readable({ code, message, hint, where }: Diagnostic, root: string): string {
  if (where === undefined) return `${code}  ${message}\n    ${hint ?? ""}\n`;
  const { file, line, column, length = 0 } = where;
  const source = readFileSync(join(root, file), "utf8").split("\n")[line - 1] ?? "";
  // A long line is shown around the place.
  const from = Math.max(0, column - 1 - 60);
  const shown = source.slice(from, from + 110);
  const caret = `${" ".repeat(column - 1 - from)}${"^".repeat(Math.max(1, length))}`;
  return `${file}:${line}:${column}  ${code}  ${message}\n    ${shown}\n    ${caret}\n    ${hint ?? ""}\n`;
}

describe.each(readdirSync(folder))("%s", (name) => {
  const root = join(folder, name);
  test("becomes what is expected", async () => {
    const built = await buildProject(root);
    const [file, text] =
      built.diagnostics === undefined
        ? ["model.json", canonicalText({ system: built.system, sourceMap: built.sourceMap })]
        : ["errors.txt", built.diagnostics.map((d) => readable(d, root)).join("\n")];
    const path = join(root, file);
    if (update) writeFileSync(path, text);
    expect(existsSync(path), `${name} must become ${file}; it became:\n${text}`).toBe(true);
    expect(text).toBe(readFileSync(path, "utf8"));
    const other = file === "errors.txt" ? "model.json" : "errors.txt";
    expect(existsSync(join(root, other)), `${name} holds a stale ${other}`).toBe(false);
  });

  test("whatever the order of its files", async () => {
    const straight = await buildProject(root);
    const reversed = await buildProject(root, (files) => files.toReversed());
    expect(canonicalText(reversed)).toBe(canonicalText(straight));
  });
});
