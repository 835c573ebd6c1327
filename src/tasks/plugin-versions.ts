/** The plugins that the build has, and those of this worker: they may be of two deployments. */
import type { System } from "../model/index.ts";

type Plugin = NonNullable<System["plugins"]>[number];

/** What is otherwise here. */
export interface PluginDifference {
  readonly plugin: string;
  /** For people: `this worker has slack 1.1.0, and the build has 1.2.0`. */
  readonly words: string;
}

/** How the plugin of a task is otherwise in this worker than in the build; undefined where it is the same, or there is none. */
export function pluginDifference(
  system: System,
  tasks: ReadonlyMap<string, unknown>,
  task: string,
): PluginDifference | undefined {
  const name = system.tasks.find((known) => known.name === task)?.plugin;
  const plugin = system.plugins?.find((known) => known.name === name);
  return plugin === undefined ? undefined : differenceOf(plugin, tasks);
}

/** All differences, for a worker that starts. */
export function pluginDifferences(system: System, tasks: ReadonlyMap<string, unknown>): readonly PluginDifference[] {
  return (system.plugins ?? []).flatMap((plugin) => differenceOf(plugin, tasks) ?? []);
}

function differenceOf({ name, version }: Plugin, tasks: ReadonlyMap<string, unknown>): PluginDifference | undefined {
  const own = ownPlugin(name, tasks);
  const of = version === undefined ? "" : ` ${version}`;
  if (own === undefined) {
    return { plugin: name, words: `this worker has no plugin ${name}, and the build has it${of && ` (${version})`}` };
  }
  if (own.version === version) return undefined;
  const here = own.version === undefined ? "without a version" : own.version;
  return { plugin: name, words: `this worker has ${name} ${here}, and the build has${of || " one without a version"}` };
}

/** What the loader has written beside each step of a plugin. */
function ownPlugin(name: string, tasks: ReadonlyMap<string, unknown>): { readonly version?: string } | undefined {
  for (const task of tasks.values()) {
    const { plugin } = (typeof task === "object" && task !== null ? task : {}) as {
      readonly plugin?: { readonly name: string; readonly version?: string };
    };
    if (plugin?.name === name) return plugin;
  }
  return undefined;
}
