/** The model of the test project, and processes over it, without a thread for each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../../../src/errors/diagnostic.ts";
import type { System, Workflow } from "../../../src/model/index.ts";
import { addProcesses, readProcess } from "../../../src/process/index.ts";
import { loadProject } from "../../../src/project/load-project.ts";

const project = join(import.meta.dirname, "../orders");

/** The text of the example. */
export const exampleText = readFileSync(join(project, "processes/place.json"), "utf8");

let loaded: Promise<System> | undefined;

/** The model of the project without its process. */
export async function ordersModel(): Promise<System> {
  loaded ??= loadProject(project).then(({ system }) => system);
  const { queues: _, ...system } = await loaded;
  return { ...system, workflows: [] };
}

/** What comes of process files, each given as its text. */
export async function compiled(...texts: readonly string[]): Promise<{
  readonly workflows: readonly Workflow[];
  readonly system: System;
  readonly findings: readonly Diagnostic[];
}> {
  const read = texts.map((text, i) => readProcess(`processes/p${i}.json`, text));
  const { system, findings } = addProcesses(read, await ordersModel());
  return { workflows: system.workflows, system, findings };
}
