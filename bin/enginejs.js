#!/usr/bin/env node
/**
 * The command `enginejs`. Plain JavaScript that every Node since 18 parses: it looks at the Node it runs on, and where
 * that one is too old and the project has a newer one installed (the package `node`), starts itself again with that.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import * as nodeModule from "node:module";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const packageFolder = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const required = readJson(join(packageFolder, "package.json")).engines.node.replace(/^>=/, "");
// `enginejs new` runs before the new project has installed its own Node.
const isNew = process.argv.slice(2).find((argument) => !argument.startsWith("-")) === "new";

if (satisfies(process.versions.node, required)) {
  await run();
} else {
  const node = findNode([process.cwd(), packageFolder]);
  if (node !== undefined) startAgain(node);
  else if (isNew && satisfies(process.versions.node, "20.11") && !hasSources()) await run();
  else refuse();
}

async function run() {
  keepCompiled();
  const main = hasSources() ? join("src", "cli", "main.ts") : join("dist", "cli", "main.js");
  const file = join(packageFolder, main);
  if (!existsSync(file)) {
    console.error(`enginejs is not built: ${file} is missing. In a clone of the repository, run: npm run build`);
    process.exitCode = 2;
    return;
  }
  const { main: start } = await import(pathToFileURL(file).href);
  await start(process.argv.slice(2));
}

/** Node keeps what it has compiled beside the packages: a second start need not do it again. Where it may not write there, it compiles. */
function keepCompiled() {
  const parent = dirname(packageFolder);
  const packages = basename(parent) === "node_modules" ? parent : join(packageFolder, "node_modules");
  // In the environment, too: the threads that load models and tasks look there. Node before 22.8 has no such cache.
  process.env.NODE_COMPILE_CACHE ??= join(packages, ".cache", "enginejs");
  nodeModule.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
}

/** In a clone of the repository Node runs the sources; below node_modules it strips no types. */
function hasSources() {
  return !packageFolder.split(sep).includes("node_modules") && existsSync(join(packageFolder, "src", "cli", "main.ts"));
}

/** The `node` of an installed package `node` that is new enough, in one of the folders or above. */
function findNode(folders) {
  for (const start of folders) {
    for (let folder = start; ; folder = dirname(folder)) {
      const home = join(folder, "node_modules", "node");
      const program = join(home, "bin", process.platform === "win32" ? "node.exe" : "node");
      if (existsSync(program) && satisfies(String(readJson(join(home, "package.json")).version), required)) {
        return program;
      }
      if (dirname(folder) === folder) break;
    }
  }
  return undefined;
}

function startAgain(node) {
  // Ctrl-C reaches the whole group, and the child takes two within a moment for one; a SIGINT from elsewhere reaches
  // us alone. The child stops in its own time, and we wait for it. Before there is a child, or a signal could end us and not it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // The channel tells the child when this process is gone, also by SIGKILL: nothing may go on without its terminal.
  const child = spawn(node, process.argv.slice(1), { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  child.once("error", (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exitCode = 2;
  });
  child.once("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function refuse() {
  console.error(`enginejs needs Node ${required} or newer; this is Node ${process.versions.node}.`);
  console.error("Install a newer one, or put one into the project: npm install --save-dev node@24");
  process.exitCode = 2;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function satisfies(version, least) {
  const [a, b] = [version, least].map((text) => text.split(".").map(Number));
  return a[0] !== b[0] ? a[0] > b[0] : a[1] !== (b[1] ?? 0) ? a[1] > (b[1] ?? 0) : (a[2] ?? 0) >= (b[2] ?? 0);
}
