/**
 * Where in a model file a call of the DSL stands. Every declaration keeps its
 * site, so that errors and the source map point at the user's own line.
 */

/** A place in a file, as the engine reports it: absolute, line and column counted from 1. */
export interface Site {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Frames of the package itself are not where the user wrote something: `…/src/`, or `…/dist/` when installed. */
const ownFolder = new URL("../", import.meta.url).href;
/** Deep enough for the longest way from a call of the user's through our own frames. */
const FRAMES = 8;

/**
 * The place of the innermost frame outside this package. Costs some microseconds:
 * the stack is short and never turned into text.
 */
export function captureSite(): Site | undefined {
  return framesAbove(captureSite, FRAMES, (frames) => {
    for (const frame of frames) {
      const site = siteOfFrame(frame);
      if (site !== undefined) return site;
    }
    return undefined;
  });
}

/** The places of all frames outside this package, the innermost first: whoever made something, and for whom. */
export function captureSites(): readonly Site[] {
  return framesAbove(captureSites, 50, (frames) => frames.flatMap((frame) => siteOfFrame(frame) ?? []));
}

function framesAbove<T>(above: () => unknown, limit: number, read: (frames: readonly NodeJS.CallSite[]) => T): T {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = (_error, frames) => frames;
    Error.captureStackTrace(holder, above);
    // Read while our own preparation is in force: the engine formats on first access.
    return read(holder.stack as NodeJS.CallSite[]);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** Undefined for a frame of this package, or of Node. */
function siteOfFrame(frame: NodeJS.CallSite): Site | undefined {
  const name = frame.getFileName();
  if (typeof name !== "string" || name.startsWith("node:")) return undefined;
  if (asUrl(name).startsWith(ownFolder)) return undefined;
  return { file: filePath(name), line: frame.getLineNumber() ?? 1, column: frame.getColumnNumber() ?? 1 };
}

const asUrl = (name: string): string => (name.startsWith("/") ? `file://${encodeURI(name)}` : name);

/** A module's URL as a path; the query that a reload adds to it is no part of the file's name. */
function filePath(name: string): string {
  return name.startsWith("file://") ? decodeURIComponent(new URL(name).pathname) : name;
}

/** Where an error was thrown: the innermost frame of its stack outside this package. */
export function siteOfError(error: unknown): Site | undefined {
  const stack = error instanceof Error && typeof error.stack === "string" ? error.stack : "";
  for (const line of stack.split("\n")) {
    const match = /\(?((?:file:\/\/)?\/[^()]*):(\d+):(\d+)\)?$/.exec(line);
    const name = match?.[1];
    if (name === undefined || asUrl(name).startsWith(ownFolder)) continue;
    return { file: filePath(name), line: Number(match?.[2]), column: Number(match?.[3]) };
  }
  return undefined;
}
