/** Runs `psql`, as a person would. */
import { spawnSync } from "node:child_process";

/** False where it is not installed: then skip by name. */
export const hasPsql = spawnSync("psql", ["--version"], { stdio: "ignore" }).status === 0;

/** Stops at the first error; `-X`: without the settings of whoever runs the tests. */
export function psql(url: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync("psql", ["-X", "-v", "ON_ERROR_STOP=1", "-d", url, ...args], {
    encoding: "utf8",
    env: { ...process.env, PGOPTIONS: "-c client_min_messages=warning" },
  });
  return { status, stdout, stderr };
}
