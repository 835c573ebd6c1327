/**
 * Writes every generated file of the repository; `--check` compares instead and names what is out of date.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { generateCoreMigration } from "./generate-core-migration.ts";
import { generateErrorPages } from "./generate-error-pages.ts";
import { generateProcessSchema } from "./generate-process-schema.ts";

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");

/** Each maker returns the text of one file, by its path in the repository. */
const makers: Readonly<Record<string, () => string | Promise<string>>> = {
  "docs/errors.md": generateErrorPages,
  "migrations/committed/000001-enginejs.sql": generateCoreMigration,
  "schema/process-1.json": generateProcessSchema,
};

for (const [path, make] of Object.entries(makers)) {
  const file = join(root, path);
  const text = await make();
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  if (check) {
    console.error(`${relative(root, file)} is out of date: run npm run generate`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${relative(root, file)}`);
  }
}
