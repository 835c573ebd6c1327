/** bin/enginejs.js where the Node that runs it is too old, and starts a newer one: what becomes of signals. */
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

let folder: string;

/** A package that asks for a Node of the far future, and one installed beside it: a script that tells which signal it got. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "enginejs-launcher-"));
  const node = join(folder, "node_modules", "node");
  mkdirSync(join(folder, "bin"));
  mkdirSync(join(node, "bin"), { recursive: true });
  copyFileSync(join(import.meta.dirname, "../../bin/enginejs.js"), join(folder, "bin", "enginejs.js"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "engines": { "node": ">=999.0" } }');
  writeFileSync(join(node, "package.json"), '{ "version": "999.0.0" }');
  const script = [
    "#!/bin/sh",
    "trap 'echo got INT; exit 7' INT",
    "trap 'echo got TERM; exit 8' TERM",
    "trap 'echo got HUP; exit 9' HUP",
    "echo ready",
    "while :; do sleep 0.05; done",
  ];
  writeFileSync(join(node, "bin", "node"), `${script.join("\n")}\n`);
  chmodSync(join(node, "bin", "node"), 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ["SIGINT", 7],
  ["SIGTERM", 8],
  ["SIGHUP", 9],
] as const)("%s to the launcher alone reaches the newer Node, and its exit code comes back", async (signal, code) => {
  const launcher = spawn(process.execPath, [join(folder, "bin", "enginejs.js"), "dev"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    // A group of its own, so that nothing of it outlives a test that fails.
    detached: true,
  });
  onTestFinished(() => endGroup(launcher.pid));
  let output = "";
  const ready = new Promise<void>((resolve) => {
    launcher.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (output.includes("ready")) resolve();
    });
  });
  await ready;
  launcher.kill(signal);
  const ended = await new Promise((resolve) => launcher.once("close", resolve));
  expect(output).toContain(`got ${signal.slice(3)}`);
  expect(ended).toBe(code);
});

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, "SIGKILL");
  } catch {
    // It is over, as it should be.
  }
}
