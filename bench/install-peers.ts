import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Installs `bench/package.json` where that has not been done for this state of it: the two commands of the README stay quick. */
export async function installPeers(): Promise<void> {
  const folder = import.meta.dirname;
  const wanted = readFileSync(join(folder, "package.json"), "utf8");
  const stamp = join(folder, "node_modules", ".installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write("installing the peers of the benchmarks\n");
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("npm install in bench/ failed");
  writeFileSync(stamp, wanted);
}
