/** `enginejs seed`: runs the project's seed. */
import { loadSeed } from "../../project/load-seed.ts";
import { projectError } from "../../project/project-error.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { exitCode } from "../exit-code.ts";
import { createLogger } from "../logger.ts";
import { messageLog } from "../message-log.ts";
import { openDatabase } from "../open-database.ts";
import { withProgress } from "../progress.ts";
import { runSeed } from "../run-seed.ts";
import type { Terminal } from "../terminal.ts";

export interface SeedOptions {
  readonly project?: string;
  readonly database?: string;
  readonly json?: boolean;
}

export async function seed(options: SeedOptions, terminal: Terminal): Promise<number> {
  const folder = findProjectFolder(options.project);
  const found = await loadSeed(folder);
  if (found === undefined) throw projectError("EJS1031", `${folder} holds no seed.ts.`);
  const database = await openDatabase(folder, options.database);
  try {
    const started = Date.now();
    await withProgress("seeding", () => runSeed(database.url, found, messageLog(createLogger())));
    terminal.print(`Seeded in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
    terminal.printJson({ ok: true, people: found.people });
  } finally {
    await database.close();
  }
  return exitCode.ok;
}
