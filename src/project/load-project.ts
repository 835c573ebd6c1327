/**
 * Loads a project in a thread of its own: each time a fresh module graph, so that a changed file counts without a restart,
 * and a file that loops, ends the process or exhausts the memory harms nothing but the thread.
 */
import { Worker } from "node:worker_threads";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import type { ProjectConfig } from "./config-schema.ts";
import { runsSources } from "./engine-imports.ts";
import type { LoadedModel, LoaderInput, LoaderMessage } from "./loader-protocol.ts";
import { projectError } from "./project-error.ts";
import { withSourceLines } from "./source-lines.ts";

export interface LoadOptions {
  /** How long one file may take, in milliseconds; 20 seconds unless given. */
  readonly timeout?: number;
  /** Told what the loader is about, for a progress line. */
  readonly onProgress?: (doing: string) => void;
}

/**
 * Reads the model of a project.
 *
 * @throws EngineError with every finding, each with its file, line and source text
 */
export async function loadProject(folder: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const message = await inThread({ folder, configOnly: false }, options);
  if (message.kind !== "loaded") throw new TypeError(`the loader answered "${message.kind}"`);
  return message.model;
}

/**
 * Reads nothing but the config of a project, so that a command that needs no model works while the model is broken.
 *
 * @throws EngineError as `loadProject` does
 */
export async function loadConfig(folder: string, options: LoadOptions = {}): Promise<ProjectConfig> {
  const message = await inThread({ folder, configOnly: true }, options);
  if (message.kind !== "config") throw new TypeError(`the loader answered "${message.kind}"`);
  return message.config;
}

async function inThread(workerData: LoaderInput, options: LoadOptions): Promise<LoaderMessage> {
  try {
    return await answerOf(workerData, options);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(withSourceLines(error.diagnostics, workerData.folder), { cause: error.cause });
  }
}

function answerOf(workerData: LoaderInput, options: LoadOptions): Promise<LoaderMessage> {
  const fileTimeout = options.timeout ?? 20_000;
  const file = new URL(runsSources ? "loader-thread.ts" : "loader-thread.js", import.meta.url);
  const worker = new Worker(file, { workerData, execArgv: [], stdout: true, stderr: true });
  // What a model file prints must not mix with a command's own output.
  worker.stdout.pipe(process.stderr, { end: false });
  worker.stderr.pipe(process.stderr, { end: false });
  let current: { doing: string; file?: string } = { doing: "starting the loader" };
  let timer: NodeJS.Timeout | undefined;
  return new Promise<LoaderMessage>((resolve, reject) => {
    const watchdog = () => {
      clearTimeout(timer);
      // Checking a thousand entities takes its time; a callback that loops is found in the end as well.
      const timeout = current.file === undefined ? Math.max(fileTimeout, 300_000) : fileTimeout;
      timer = setTimeout(() => reject(tooLong(current, timeout)), timeout);
    };
    watchdog();
    worker.on("message", (message: LoaderMessage) => {
      if (message.kind === "failed") reject(new EngineError(message.diagnostics));
      else if (message.kind !== "progress") resolve(message);
      else {
        current = message;
        options.onProgress?.(message.doing);
        watchdog();
      }
    });
    worker.once("error", (error) => reject(ended(current, (error as Error).message)));
    worker.once("exit", (code) => {
      // Node's code for a thread that has nothing left to do while it still awaits something.
      if (code === 13 && current.file !== undefined) reject(neverSettles(current.file));
      else reject(ended(current, `it ended the process with code ${code}`));
    });
  }).finally(async () => {
    clearTimeout(timer);
    await worker.terminate();
  });
}

type Current = { readonly doing: string; readonly file?: string };

function tooLong({ doing, file }: Current, timeout: number): EngineError {
  const seconds = `${timeout / 1000} s`;
  const message =
    file === undefined ? `${doing} was not done after ${seconds}.` : `${file} was not loaded after ${seconds}.`;
  return projectError("EJS1024", message, whereOf(file));
}

function neverSettles(file: string): EngineError {
  return projectError("EJS1024", `${file} was not loaded: a top-level await never comes to an end.`, whereOf(file));
}

function ended({ doing, file }: Current, reason: string): EngineError {
  // Without a file it is no fault of the project's.
  if (file === undefined) return projectError("EJS1000", `${doing}: ${reason}.`);
  return projectError("EJS1023", `${file}: ${reason}.`, whereOf(file));
}

const whereOf = (file: string | undefined): { where?: Diagnostic["where"] } =>
  file === undefined ? {} : { where: { file, line: 1, column: 1 } };
