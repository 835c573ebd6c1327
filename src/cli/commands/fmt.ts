/** `enginejs fmt`: brings JSON processes into their canonical form. */
import { readFile } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import type { Diagnostic } from "../../errors/diagnostic.ts";
import { EngineError } from "../../errors/engine-error.ts";
import { formatProcess, readProcess } from "../../process/index.ts";
import { discover } from "../../project/discover.ts";
import { projectError } from "../../project/project-error.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { withSourceLines } from "../../project/source-lines.ts";
import { writeFiles } from "../../project/write-files.ts";
import { exitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

export interface FormatOptions {
  readonly files: readonly string[];
  readonly project?: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

/**
 * A file needs to be JSON, and no more: what is wrong with the process is the build's to say.
 *
 * @throws EngineError with every file that is no JSON; then nothing is written
 */
export async function format(options: FormatOptions, terminal: Terminal): Promise<number> {
  const folder = findProjectFolder(options.project);
  const named = options.files.map((file) => relative(folder, resolve(file)).split(sep).join("/"));
  const files = named.length > 0 ? named : discover(folder).processes;
  const formatted = new Map<string, string>();
  const findings: Diagnostic[] = [];
  for (const file of files) {
    const { source } = readProcess(file, await textOf(folder, file));
    const broken = source.findings.filter(({ code }) => code === "EJS2501" || code === "EJS2502");
    findings.push(...broken);
    if (broken.length === 0) formatted.set(file, formatProcess(source));
  }
  if (findings.length > 0) throw new EngineError(withSourceLines(findings, folder));
  const check = options.check ?? false;
  const { written } = await writeFiles(folder, formatted, { dryRun: check });
  terminal.printJson({ ok: !check || written.length === 0, changed: written, files: files.length });
  for (const file of written) terminal.print(check ? `${file} is not in its canonical form` : `wrote ${file}`);
  if (written.length === 0)
    terminal.print(`${files.length} ${files.length === 1 ? "file is" : "files are"} in canonical form`);
  return check && written.length > 0 ? exitCode.findings : exitCode.ok;
}

async function textOf(folder: string, file: string): Promise<string> {
  return readFile(resolve(folder, file), "utf8").catch((error: NodeJS.ErrnoException) => {
    throw projectError("EJS1028", `${file}: ${error.code}.`, { cause: error });
  });
}
