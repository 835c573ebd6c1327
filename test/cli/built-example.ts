/** The example as its commands leave it, `sql build` and then `seed`: made once in a run, copied for each test that begins there. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../project/temporary-project.ts";
import { coreTemplate } from "../support/core.ts";
import type { TestDatabaseTemplate } from "../support/database.ts";
import { runCli } from "./run-cli.ts";

const example = join(repository, "examples/invoicing");

/** @example const database = await createTestDatabase({ template: builtExample() }); */
export function builtExample(): TestDatabaseTemplate {
  return { name: "examples/invoicing, built and seeded", version: versionOf(example), build };
}

async function build(url: string): Promise<void> {
  for (const command of [["sql", "build"], ["seed"]]) {
    const { code, stderr } = await runCli([...command, "--project", example, "--database", url]);
    if (code !== 0) throw new Error(`enginejs ${command.join(" ")} ended with ${code}:\n${stderr}`);
  }
}

/** Its files and the core: with `sql/`, what the compiler makes of it as well. */
function versionOf(folder: string): string {
  const hash = createHash("sha256").update(coreTemplate.version ?? "");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { parentPath, name } of files.filter(({ parentPath }) => !parentPath.includes(".enginejs")))
    hash.update(name).update(readFileSync(join(parentPath, name)));
  return hash.digest("hex");
}
