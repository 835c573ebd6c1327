/** What a process is asked before its graph is looked at, and what is left over behind it. */

import type { ProcessNode } from "./file-graph.ts";
import { placedNodes } from "./graph-scope.ts";
import { KNOWN_NAMES, type ProcessContext } from "./process-context.ts";
import { inPorts, isEntry } from "./process-graph.ts";

const COMPUTING = ["start", "output", "fail", "compute", "transform", "branch", "merge", "parallel"];
/** Words of the language itself. */
const WORDS = ["true", "false", "null", "in"];

/** Operations that the database alone does, as whoever calls them. */
const isDatabase = ({ op }: ProcessNode): boolean => COMPUTING.includes(op) || op.startsWith("db.");

/** A statement of the project's own may be anything: it is no function of the caller's. */
export const isPureWork = (node: ProcessNode): boolean => isDatabase(node) && node.op !== "db.query";

/** Reports ids that are there twice, and names that mean something else. */
export function checkNames({ file, source }: ProcessContext): void {
  const ids = new Set<string>();
  for (const { id, node, path } of placedNodes({ nodes: file.nodes, path: [] })) {
    if (ids.has(id))
      source.report("EJS2528", `There are two nodes "${id}": the ids of bodies are told apart, too.`, path, {
        key: true,
      });
    ids.add(id);
    if (KNOWN_NAMES.includes(id) || WORDS.includes(id)) {
      source.report("EJS2525", `"${id}" means something else in every expression.`, path, { key: true });
    }
    for (const port of Object.keys(inPorts(node))) {
      if (!["actor", "flags", "request", ...WORDS].includes(port)) continue;
      source.report("EJS2525", `${id}: "${port}" means something else in every expression.`, [...path, "in", port], {
        key: true,
      });
    }
  }
}

/** Reports a beginning that is none of the process' type, and operations that it does not have. */
export function checkOperations(context: ProcessContext): void {
  const { file, source } = context;
  checkBeginning(context);
  if (file.type !== "calculation" && file.type !== "databaseWorkflow") return;
  for (const { id, node, path } of placedNodes({ nodes: file.nodes, path: [] })) {
    const allowed =
      file.type === "calculation"
        ? COMPUTING.includes(node.op)
        : isDatabase(node) || ["queue.publish", "signal"].includes(node.op);
    if (!allowed) source.report("EJS2533", `${id}: ${node.op} is no operation of a ${file.type}.`, [...path, "op"]);
  }
}

function checkBeginning({ file, source }: ProcessContext): void {
  const entries = Object.entries(file.nodes).filter(([, node]) => isEntry(node));
  const wanted = file.type === "queueConsumer" ? "queue.consume" : "start";
  if (entries.length !== 1) {
    const what =
      entries.length === 0
        ? "has no beginning"
        : `begins ${entries.length} times: ${entries.map(([id]) => id).join(", ")}`;
    source.report(
      "EJS2524",
      `The process ${what}.`,
      entries.length === 0 ? ["nodes"] : ["nodes", entries[1]?.[0] ?? ""],
      { key: true },
    );
  }
  for (const [id, { op }] of entries) {
    if (op === wanted) continue;
    source.report("EJS2524", `A process of the type ${file.type} begins with ${wanted}, not with ${op}.`, [
      "nodes",
      id,
      "op",
    ]);
  }
}

/** Reports types, outputs and errors that are declared and never occur. */
export function refuseUnused({ file, source, types }: ProcessContext): void {
  const nodes = [...placedNodes({ nodes: file.nodes, path: [] })];
  for (const name of Object.keys(file.outputs ?? {})) {
    if (nodes.some(({ node, depth }) => depth === 0 && node.op === "output" && node.output === name)) continue;
    source.report("EJS2526", `No node gives the output "${name}".`, ["outputs", name], { key: true });
  }
  for (const name of Object.keys(file.errors ?? {})) {
    if (nodes.some(({ node }) => node.op === "fail" && node.error === name)) continue;
    source.report("EJS2526", `No node fails with the error "${name}".`, ["errors", name], { key: true });
  }
  for (const name of Object.keys(file.$defs ?? {})) {
    if (types.used.has(name)) continue;
    source.report("EJS2541", `The type "${name}" is never used.`, ["$defs", name], {
      key: true,
      severity: "warning",
      hint: "Remove it.",
    });
  }
}
