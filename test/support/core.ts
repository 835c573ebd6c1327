/** A database that holds the core, as migrations bring it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { coreMigrationsFolder } from "../../src/database/core-sql.ts";
import { migrate } from "../../src/database/migrate.ts";
import type { TestDatabaseTemplate } from "./database.ts";

const committed = join(coreMigrationsFolder, "committed");

/** @example const database = await createTestDatabase({ template: coreTemplate }); */
export const coreTemplate: TestDatabaseTemplate = {
  name: "core",
  version: readdirSync(committed)
    .map((file) => readFileSync(join(committed, file), "utf8"))
    .join(),
  build: (url) => migrate(url),
};
