/** Plugins, for whoever runs their steps: from the config itself, since the model holds no functions and no options. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { declarationOf } from "../dsl/declared.ts";
import type { Plugin, PluginDeclaration } from "../dsl/plugin.ts";
import { type EnvironmentUse, provideSettings, readSetting, rememberEnvironmentUses } from "../dsl/setting.ts";
import type { Diagnostic, SourceLocation } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { environmentValue } from "./environment-value.ts";
import { importModule } from "./import-module.ts";
import { projectFinding } from "./project-error.ts";
import { configFileName } from "./project-folder.ts";
import { projectPath } from "./project-path.ts";

/**
 * Imports the config into this process, and gives the steps of its plugins by the names of the tasks that they are:
 * `slack/post-message`. From then on `readSetting` reads this process's environment.
 *
 * @param options.development whether the values given as `development` count
 * @throws EngineError with every finding: EJS1012 for each `env()` of a plugin that is not set
 */
export async function loadPlugins(
  folder: string,
  options: { readonly development: boolean },
): Promise<ReadonlyMap<string, unknown>> {
  const tasks = new Map<string, unknown>();
  // Task files alone are a project as well, to a worker.
  if (!existsSync(join(folder, configFileName))) return tasks;
  const uses = rememberEnvironmentUses();
  const { default: config } = await importModule(folder, configFileName).finally(uses);
  if (typeof config !== "object" || config === null) return tasks;
  const { plugins, ...rest } = config as { readonly plugins?: unknown };
  if (!Array.isArray(plugins) || plugins.length === 0) return tasks;
  const findings: Diagnostic[] = [];
  for (const [i, plugin] of plugins.entries()) {
    if (declarationOf<PluginDeclaration>(plugin, "plugin") === undefined) findings.push(notMade(i));
    else addTasks(tasks, plugin as Plugin);
  }
  provideSettings({ read: (value) => environmentValue(value, options) });
  const own = valuesIn(rest);
  findings.push(...uses().flatMap((use) => (own.has(use.value) ? [] : missing(use, folder))));
  if (findings.length > 0) throw new EngineError(findings);
  return tasks;
}

function addTasks(tasks: Map<string, unknown>, { name, version, steps }: Plugin): void {
  const plugin = { name, ...(version !== undefined && { version }) };
  for (const [step, task] of Object.entries(steps)) tasks.set(`${name}/${step}`, { ...task, plugin });
}

/** The compiler says it with more words; here it only must not go unnoticed. */
const notMade = (i: number): Diagnostic =>
  projectFinding("EJS1010", `config.plugins[${i}] is nothing that definePlugin() has made.`, {
    hint: null,
    where: { file: configFileName, line: 1, column: 1 },
  });

/** Every part of the config itself: its own settings are looked up by those who need them. */
function valuesIn(value: unknown, found: Set<unknown> = new Set()): Set<unknown> {
  if (typeof value !== "object" || value === null || found.has(value)) return found;
  found.add(value);
  for (const part of Object.values(value)) valuesIn(part, found);
  return found;
}

/** Said when the worker starts, not when a run comes to the step. */
function missing({ value, site }: EnvironmentUse, folder: string): Diagnostic[] {
  try {
    readSetting(value);
    return [];
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const file = site && projectPath(site.file, folder);
    const where: SourceLocation =
      site === undefined || file === undefined ? { file: configFileName, line: 1, column: 1 } : { ...site, file };
    return error.diagnostics.map((diagnostic) => ({ ...diagnostic, where }));
  }
}
