import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { binFile, cleanEnvironment, runCli } from "./run-cli.ts";

const commands = [
  "sql build",
  "dev",
  "serve",
  "worker",
  "seed",
  "token",
  "inspect",
  "doctor",
  "new",
  "key create",
  "grant create",
  "flag set",
  "audit",
];

test("--help lists the commands and the exit codes", async () => {
  const { code, stdout, stderr } = await runCli(["--help"]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command.split(" ")[0]}\\b`, "m"));
  expect(stdout).toContain("Exit codes:");
});

test.each(commands)("%s --help explains and gives an example", async (command) => {
  const { code, stdout } = await runCli([...command.split(" "), "--help"]);
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: enginejs ${command}`);
  expect(stdout).toMatch(/Examples?:/);
});

test("--version prints the package's", async () => {
  const { code, stdout } = await runCli(["--version"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("without a command it shows the help and ends with 2", async () => {
  const { code, stderr, stdout } = await runCli([]);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain("Usage: enginejs");
});

test.each([
  [["sql", "biuld"], "EJS1001", "Unknown command 'biuld'.", 'Did you mean "enginejs sql build"?'],
  [["build"], "EJS1001", "Unknown command 'build'.", 'Did you mean "enginejs sql build"?'],
  [["wrker"], "EJS1001", "Unknown command 'wrker'.", 'Did you mean "enginejs worker"?'],
  [["zzzzz"], "EJS1001", "Unknown command 'zzzzz'.", "The commands are: sql build, dev"],
  [["workflow", "lst"], "EJS1001", "Unknown command 'lst'.", 'Did you mean "enginejs workflow list"?'],
  [["sql", "build", "--databse", "x"], "EJS1002", "Unknown option '--databse'.", 'Did you mean "--database"?'],
  [["sql", "build", "--dry"], "EJS1002", "Unknown option '--dry'.", 'Did you mean "--dry-run"?'],
  [["dev", "--port", "http"], "EJS1002", "argument 'http' is invalid", "enginejs dev --help"],
  [["token"], "EJS1002", "Required option '--as <person>' not specified.", "enginejs token --help"],
  [["inspect", "a", "b"], "EJS1002", "Too many arguments", "enginejs inspect --help"],
])("%j ends with 2, names the mistake and the nearest match", async (args, errorCode, message, hint) => {
  const { code, stderr, stdout } = await runCli(args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(errorCode);
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
});

test("--json puts a mistake on stdout, for programs", async () => {
  const { code, stdout, stderr } = await runCli(["sql", "build", "--json", "--nope"]);
  expect(code).toBe(2);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, diagnostics: [{ code: "EJS1002", severity: "error" }] });
});

test("outside of a project a command says so and ends with 2", async () => {
  const { code, stderr } = await runCli(["sql", "build"], { cwd: "/" });
  expect(code).toBe(2);
  expect(stderr).toContain("EJS1003");
  expect(stderr).toContain("enginejs.config.ts");
});

test("whoever stops reading stderr ends no command", async () => {
  const child = spawn(process.execPath, [binFile, "nonsense"], {
    env: cleanEnvironment(),
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.stderr.destroy();
  // As ever for a command that there is not; an error that nobody catches is a 1.
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(2);
});
