/**
 * Everything that is true of the sources without running them: types, lint and format, unused files, exports and
 * dependencies, generated files unchanged. The floors between folders are held by `test/architecture/`. Never writes.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const steps: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: "types", command: ["node_modules/typescript/bin/tsc", "-p", "."] },
  { name: "types of the example", command: ["node_modules/typescript/bin/tsc", "-p", "examples/invoicing"] },
  { name: "lint and format", command: ["node_modules/@biomejs/biome/bin/biome", "ci", "--error-on-warnings", "."] },
  { name: "unused", command: ["node_modules/knip/bin/knip.js"] },
  { name: "generated files", command: ["scripts/generate.ts", "--check"] },
  { name: "generated files of the example", command: ["bin/enginejs.js", "sql", "build", "--check"] },
];

for (const { name, command } of steps) {
  const { status } = spawnSync(process.execPath, [...command], { cwd: root, stdio: "inherit" });
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name}`);
  if (status !== 0) process.exitCode = 1;
}
