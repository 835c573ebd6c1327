import { expect, it } from "vitest";
import type { Log } from "../../src/dsl/task.ts";
import { sparingLog } from "../../src/tasks/sparing-log.ts";

it("says the same warning every 30 seconds only, with how often it was left out, and everything else at once", () => {
  const said: unknown[] = [];
  const line =
    (level: string) =>
    (...what: unknown[]) =>
      void said.push([level, ...what.filter((part) => part !== undefined)]);
  const log: Log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  let now = 0;
  const sparing = sparingLog(log, () => now);
  for (let turn = 0; turn < 60; turn += 1) {
    sparing.warn("no connection; trying again");
    now += 1_000;
  }
  sparing.warn("worker 1 is dead", { worker: 1 });
  sparing.warn("worker 2 is dead", { worker: 2 });
  sparing.error("failed");
  sparing.error("failed");
  sparing.warn("no connection; trying again");
  expect(said).toEqual([
    ["warn", "no connection; trying again"],
    ["warn", "no connection; trying again", { repeated: 29 }],
    ["warn", "worker 1 is dead", { worker: 1 }],
    ["warn", "worker 2 is dead", { worker: 2 }],
    ["error", "failed"],
    ["error", "failed"],
    ["warn", "no connection; trying again", { repeated: 29 }],
  ]);
});
