/** A page of docs/ as a project: its blocks whose first line names their file, built into a database. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type pg from "pg";
import { applyPlan, planBuild } from "../../../src/database/apply.ts";
import { migrate } from "../../../src/database/migrate.ts";
import { compile } from "../../../src/dsl-to-sql/index.ts";
import type { System } from "../../../src/model/index.ts";
import { loadProject } from "../../../src/project/load-project.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";

export interface PageProject {
  readonly folder: string;
  readonly files: readonly string[];
  /** What stands in its generated.d.ts. */
  readonly declarations: string;
  readonly database: TestDatabase;
  readonly client: pg.Client;
  remove(): Promise<void>;
}

/**
 * @param page its name in docs/, without the ending
 * @param change what is otherwise than on the page
 */
export async function buildPage(
  page: string,
  change: (system: System) => System = (system) => system,
): Promise<PageProject> {
  const text = readFileSync(join(import.meta.dirname, `../../../docs/${page}.md`), "utf8");
  const files = [...text.matchAll(/^```(?:ts|sql|json)\n(?:\/\/|--) (\S+\.(?:ts|sql|json))\n([\s\S]*?)^```/gm)];
  // Below the checkout, so that `import "enginejs"` finds this very version.
  const folder = mkdtempSync(join(import.meta.dirname, "..", ".project-"));
  try {
    for (const [, path = "", block = ""] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), block);
    }
    const built = await loadProject(folder);
    const database = await createTestDatabase();
    await migrate(database.url);
    const client = await database.client();
    const system = change(built.system);
    const compiled = compile(system, built.sourceMap);
    const { plan, stored } = await planBuild(client, compiled);
    await applyPlan(client, plan, { system, compiled, stored });
    return {
      folder,
      files: files.map(([, path = ""]) => path),
      declarations: built.declarations,
      database,
      client,
      async remove() {
        rmSync(folder, { recursive: true, force: true });
        await database.drop();
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
