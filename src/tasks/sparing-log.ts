import type { Log } from "../dsl/task.ts";

/** How long a warning is not said again, in milliseconds. */
const PAUSE = 30_000;
/** So many different warnings are remembered. */
const MOST_REMEMBERED = 200;

/**
 * A log that says the same warning at most every 30 seconds, then with how often it was left out (`repeated`): loops that try again, for
 * hours where the database is gone, must not fill a disk. Not for what tasks and steps say.
 */
export function sparingLog(log: Log, now: () => number = () => performance.now()): Log {
  const said = new Map<string, { readonly at: number; repeated: number }>();
  return {
    debug: log.debug,
    info: log.info,
    error: log.error,
    warn(message, fields) {
      const last = said.get(message);
      if (last !== undefined && now() - last.at < PAUSE) {
        last.repeated += 1;
        return;
      }
      if (last === undefined && said.size >= MOST_REMEMBERED) said.clear();
      said.set(message, { at: now(), repeated: 0 });
      log.warn(message, last?.repeated ? { ...fields, repeated: last.repeated } : fields);
    },
  };
}
