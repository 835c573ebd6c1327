/** Reads the hand-written SQL of the package. It lies beside the code, in `sql/`, both in the repository and as installed. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../../sql/", import.meta.url);

/** The folder whose `committed/` brings the core into a database. */
export const coreMigrationsFolder: string = fileURLToPath(new URL("../../migrations", import.meta.url));

/** The core's files in the order in which they reach a database. */
export function coreFiles(): string[] {
  return coreText("order")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

/** The text of one of them, `functions/actor_id.sql`. */
export function coreText(file: string): string {
  return readFileSync(new URL(file, folder), "utf8");
}
