/** Errors that a task throws where nobody waits for them, in a process of their own: Node ends one that does not catch them. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const file = fileURLToPath(new URL("../../src/tasks/stray-errors.ts", import.meta.url));
const node = async (script: string) => {
  const text = `const { catchStrayErrors, signalOfTask, withStrayErrors } = await import(${JSON.stringify(file)});
    const say = (line) => process.stdout.write(line + "\\n");
    const log = { error: (message, { error }) => say("log: " + error.split("\\n")[0]) };
    const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    ${script}`;
  const args = ["--input-type=module", "--disable-warning=ExperimentalWarning", "-e", text];
  return promisify(execFile)(process.execPath, args).then(
    ({ stdout }) => ({ code: 0, lines: stdout.trim().split("\n") }),
    (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, stderr: error.stderr }),
  );
};

it("fail the step of the task that threw them, and nobody else's", async () => {
  const result = await node(`
    catchStrayErrors();
    const run = (name, call) => withStrayErrors(() => log, call).then((value) => say(name + " gave " + value), (error) => say(name + ": " + error));
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(), 5);
    await Promise.all([
      run("timer", () => { setTimeout(() => { throw new Error("in a timer"); }, 5); return later(10_000); }),
      run("promise", () => { void later(5).then(() => { throw new Error("left alone"); }); return new Promise(() => undefined); }),
      run("listener", () => {
        signalOfTask(stopping.signal).addEventListener("abort", () => { throw new Error("told to stop"); });
        return later(10_000);
      }),
      run("innocent", async () => { await later(50); return 1; }),
      run("thrower", () => { throw new Error("at once"); }),
    ]);
    await run("over", () => { setTimeout(() => { throw new Error("afterwards"); }, 5); return 2; });
    await later(20);
    process.exit(0);
  `);
  expect(result.code).toBe(0);
  expect(("lines" in result ? result.lines : []).sort()).toEqual([
    "innocent gave 1",
    "listener: Error: told to stop",
    "log: Error: afterwards",
    "log: Error: in a timer",
    "log: Error: left alone",
    "log: Error: told to stop",
    "over gave 2",
    "promise: Error: left alone",
    "thrower: Error: at once",
    "timer: Error: in a timer",
  ]);
});

it("end the process, with their stack, where no task has thrown them", async () => {
  const result = await node(
    "catchStrayErrors(); setTimeout(() => { throw new Error('of the engine'); }, 1); await later(5_000);",
  );
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("Error: of the engine\n    at ") });
});
