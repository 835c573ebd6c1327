/**
 * The core's migration, made of the files in sql/ in the order of sql/order, with the headers that
 * graphile-migrate expects. `scripts/generate.ts` writes it with all other generated files; run by
 * itself, this script writes it alone.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { coreFiles, coreMigrationsFolder, coreText } from "../src/database/core-sql.ts";

/** The text of `migrations/committed/000001-enginejs.sql`. */
export function generateCoreMigration(): string {
  const body = coreFiles()
    .map((file) => `-- sql/${file}\n\n${coreText(file).trim()}\n`)
    .join("\n")
    .trim();
  // As graphile-migrate computes it: the hash of the migration before, here none, then the trimmed body.
  const hash = `sha1:${createHash("sha1").update(`${body}\n`).digest("hex")}`;
  return `--! Previous: -\n--! Hash: ${hash}\n--! Message: enginejs\n\n${body}\n`;
}

if (import.meta.main) {
  const target = join(coreMigrationsFolder, "committed", "000001-enginejs.sql");
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, generateCoreMigration());
}
