/** `enginejs doctor`: looks at a database, ours or not, for what row level security needs. */
import { join, resolve } from "node:path";
import { targetOf } from "../../database/connection-failure.ts";
import { countFindings, describeFindings } from "../../doctor/describe-findings.ts";
import { type DoctorSettings, readDoctorSettings } from "../../doctor/doctor-settings.ts";
import { type Examination, examineDatabase } from "../../doctor/examine-database.ts";
import { type Finding, isAtLeast, type Level } from "../../doctor/finding.ts";
import { applyIgnoreList, requireLint } from "../../doctor/ignore-list.ts";
import { type Lint, readLints } from "../../doctor/lint.ts";
import { toSarif } from "../../doctor/sarif.ts";
import { projectError } from "../../project/project-error.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { exitCode } from "../exit-code.ts";
import { openDatabase } from "../open-database.ts";
import { packageVersion } from "../package-version.ts";
import { withProgress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

export interface DoctorOptions {
  readonly database?: string;
  readonly project?: string;
  readonly config?: string;
  readonly schema?: readonly string[];
  readonly level?: Level;
  readonly only?: readonly string[];
  readonly ignore?: readonly string[];
  readonly login?: string;
  readonly json?: boolean;
  readonly sarif?: boolean;
}

export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<number> {
  if (options.json && options.sarif) throw projectError("EJS1002", "--json and --sarif are two forms of one report.");
  const folder = folderOf(options);
  const settings = settingsOf(options, folder);
  const all = readLints();
  const lints = options.only === undefined ? all : [...new Set(options.only)].map((id) => requireLint(id, all));
  // Before anything is asked of a database: a misspelt entry is a mistake of the call.
  applyIgnoreList([], settings.ignore ?? [], all);
  const started = Date.now();
  const database = await openDatabase(folder, options.database);
  let examination: Examination;
  try {
    examination = await withProgress("looking", (onProgress) =>
      examineDatabase(database.url, lints, { scope: settings, onProgress }),
    );
  } finally {
    await database.close();
  }
  const seconds = (Date.now() - started) / 1000;
  return report({ options, settings, lints, all, examination, seconds, url: database.url }, terminal);
}

/** A database that is named needs no project. */
function folderOf({ database, project }: DoctorOptions): string {
  if (project !== undefined || !database) return findProjectFolder(project);
  try {
    return findProjectFolder();
  } catch {
    return process.cwd();
  }
}

/** What the command line says goes before the file; both ignore lists count. */
function settingsOf(options: DoctorOptions, folder: string): DoctorSettings {
  const file = options.config === undefined ? join(folder, "doctor.json") : resolve(options.config);
  const settings = readDoctorSettings(file, options.config !== undefined);
  return {
    ...settings,
    ignore: [...(settings.ignore ?? []), ...(options.ignore ?? [])],
    ...(options.schema !== undefined && { schemas: [...options.schema] }),
    ...(options.level !== undefined && { level: options.level }),
    ...(options.login !== undefined && { login: options.login }),
  };
}

interface Report {
  readonly options: DoctorOptions;
  readonly settings: DoctorSettings;
  readonly lints: readonly Lint[];
  readonly all: readonly Lint[];
  readonly examination: Examination;
  readonly seconds: number;
  readonly url: string;
}

function report({ options, settings, lints, all, examination, seconds, url }: Report, terminal: Terminal): number {
  const level = settings.level ?? "warn";
  const { server, skipped } = examination;
  const { left, ignored, unused } = applyIgnoreList(examination.findings, settings.ignore ?? [], all);
  const shown = left.filter((finding) => isAtLeast(finding.level, level));
  const hidden = left.length - shown.length;
  if (options.sarif === true) {
    terminal.print(
      JSON.stringify(
        toSarif({ findings: shown, lints, skipped, database: server.database, version: packageVersion() }),
        null,
        2,
      ),
    );
  } else if (options.json === true) {
    const { host, port } = targetOf(url);
    terminal.printJson({
      ok: shown.length === 0 && skipped.length === 0,
      database: server.database,
      server: { host, port, majorVersion: server.majorVersion, role: server.role },
      level,
      lints: lints.map(({ id }) => id),
      findings: shown,
      hidden,
      ignored: ignored.length,
      unusedIgnores: unused,
      skipped,
    });
  } else {
    for (const line of describeFindings(shown, lints, (style, text) => terminal.style(style, text)))
      terminal.print(line);
    terminal.print(summaryOf(shown, { hidden, ignored: ignored.length, lints: lints.length, seconds }));
    // With a few lints or one schema only, an entry has no chance to be used.
    if (options.only === undefined && options.schema === undefined)
      for (const entry of unused) terminal.note(`The ignore list's "${entry}" matches nothing any more.`);
    for (const { id, reason } of skipped) terminal.note(`${id} could not be looked for: ${reason}.`);
  }
  if (shown.length > 0) return exitCode.findings;
  return skipped.length > 0 ? exitCode.database : exitCode.ok;
}

function summaryOf(
  shown: readonly Finding[],
  { hidden, ignored, lints, seconds }: { hidden: number; ignored: number; lints: number; seconds: number },
): string {
  const parts = [
    shown.length === 0 ? "Nothing found" : countFindings(shown),
    ...(hidden > 0 ? [`${hidden} below the level (--level info shows them)`] : []),
    ...(ignored > 0 ? [`${ignored} ignored`] : []),
    `${lints} ${lints === 1 ? "lint" : "lints"} in ${seconds.toFixed(1)} s`,
  ];
  return `${parts.join("; ")}.`;
}
