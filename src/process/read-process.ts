/** From the text of a process file to what it says; all that is wrong with the file by itself is found here. */
import { reportIssues } from "./format-findings.ts";
import { type ProcessFile, processFile } from "./process-file.ts";
import { ProcessSource } from "./process-source.ts";

export interface ReadProcess {
  readonly source: ProcessSource;
  /** Absent where the file is not of its format. */
  readonly process?: ProcessFile;
}

/** @param file relative to the project */
export function readProcess(file: string, text: string): ReadProcess {
  const source = new ProcessSource(file, text);
  if (source.failed) return { source };
  const result = processFile.safeParse(source.value());
  if (result.success) return { source, process: result.data };
  reportIssues(source, result.error.issues);
  return { source };
}
