/**
 * `npm run -s bench -- NAME [--json] [--smoke]`: one benchmark, side by side with its peers on the same server in the
 * same run. `--json` prints one object per line; `--smoke` takes one short turn each, to see that it runs.
 */
import { parseArgs } from "node:util";
import { installPeers } from "./install-peers.ts";
import type { Bench } from "./measure.ts";
import { printResult } from "./print-result.ts";

const benches: Readonly<Record<string, () => Promise<{ default: Bench }>>> = {
  outbox: () => import("./outbox.ts"),
  graphql: () => import("./graphql.ts"),
  build: () => import("./build.ts"),
  rls: () => import("./rls.ts"),
  workflows: () => import("./workflows.ts"),
};

/** Those that measure against packages of `bench/package.json`; they cannot even be loaded before it is installed. */
const withPeers = new Set(["graphql", "workflows"]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, smoke: { type: "boolean", default: false } },
});
const names = positionals.length > 0 ? positionals : Object.keys(benches);

for (const name of names) {
  const load = benches[name];
  if (load === undefined) {
    console.error(`no benchmark is called "${name}"; there are: ${Object.keys(benches).join(", ")}`);
    process.exitCode = 2;
    continue;
  }
  if (withPeers.has(name)) await installPeers();
  const { default: bench } = await load();
  for await (const result of bench.run({ smoke: values.smoke, turns: values.smoke ? 1 : 5, progress })) {
    printResult({ bench: name, ...result }, values.json);
  }
}

function progress(message: string): void {
  process.stderr.write(`${message}\n`);
}
