/** Stage 9, too: what the plugins of the config add. Today these are tasks, `<plugin>/<step>`. */
import type { System } from "../../model/index.ts";
import type { ConfigDeclaration } from "../config.ts";
import { declarationOf } from "../declared.ts";
import type { PluginDeclaration } from "../plugin.ts";
import type { Site } from "../site.ts";
import type { TaskDeclaration } from "../task.ts";
import type { BuildContext } from "./build-context.ts";
import { checkSlug } from "./names.ts";
import { checkOptions, entriesOf, isPlainObject, optionOf } from "./options.ts";
import { order, shown } from "./report.ts";
import { addTask } from "./tasks.ts";

type Plugin = NonNullable<System["plugins"]>[number];

/** Every kind of thing that a plugin can add has a key of its own; these are known. */
const KEYS = ["name", "version", "describe", "steps"];

/** Adds them behind the task files, whose names they may not have. */
export function addPlugins(declaration: ConfigDeclaration | undefined, context: BuildContext): void {
  const config = isPlainObject(declaration?.config) ? declaration.config : {};
  const { report, system } = context;
  const plugins = new Map<string, Plugin>();
  const list: readonly unknown[] = Array.isArray(config.plugins) ? config.plugins : [];
  for (const [i, value] of list.entries()) {
    const plugin = declarationOf<PluginDeclaration>(value, "plugin");
    if (plugin === undefined) {
      const message = `config.plugins[${i}] is ${foundAs(value)}.`;
      report.error("EJS2173", message, { site: declaration?.site, word: "plugins" });
      continue;
    }
    const sites = sitesOf(plugin, declaration?.site, context);
    const { definition } = plugin;
    if (!isPlainObject(definition)) {
      report.error("EJS2173", `definePlugin() takes an object, not ${shown(definition)}.`, { site: sites.made });
      continue;
    }
    const { name } = definition;
    if (!checkName(name, sites.made, context)) continue;
    if (plugins.has(name)) {
      const hint = "Remove one of them, or give it another name, where it takes one as an option.";
      report.error("EJS2104", `There are two plugins called ${name}.`, { site: sites.used, hint });
      continue;
    }
    plugins.set(name, describedPlugin(name, definition, sites.made, context));
    addSteps(name, definition.steps, sites, context);
    context.locate(`plugins.${name}`, sites.used);
  }
  if (plugins.size === 0) return;
  system.plugins = [...plugins.values()].sort((a, b) => order(a.name, b.name));
  system.tasks.sort((a, b) => order(a.name, b.name));
}

function foundAs(value: unknown): string {
  if (typeof value === "function") return "a function that gives a plugin, perhaps: call it";
  if (value instanceof Promise) return "a promise: write await before it";
  return `${shown(value)}, which definePlugin() has not made`;
}

interface Sites {
  /** Where it is made: in a file of the project, or else where the config calls for it. */
  readonly made: Site | undefined;
  /** Where the config calls for it; where that cannot be told, where it is made. */
  readonly used: Site | undefined;
}

function sitesOf({ sites }: PluginDeclaration, config: Site | undefined, { report }: BuildContext): Sites {
  const own = sites.filter(({ file }) => report.positions.isOwn(file));
  const used = own.find(({ file }) => file === config?.file);
  return { made: own[0] ?? config, used: used ?? own[0] ?? config };
}

function checkName(name: unknown, site: Site | undefined, { report }: BuildContext): name is string {
  if (name === "handlers") {
    report.error("EJS2102", 'A plugin cannot be called "handlers": what handlers/ holds has that name.', { site });
    return false;
  }
  return checkSlug(name, "plugin", site, report);
}

function describedPlugin(
  name: string,
  definition: Readonly<Record<string, unknown>>,
  site: Site | undefined,
  { report }: BuildContext,
): Plugin {
  const of = `Plugin ${name}`;
  checkOptions(definition, KEYS, of, site, report);
  const version = optionOf(definition, "version", "string", of, site, report);
  const description = optionOf(definition, "describe", "string", of, site, report);
  return {
    name,
    ...(version === undefined ? {} : { version }),
    ...(description === undefined ? {} : { description }),
  };
}

function addSteps(plugin: string, steps: unknown, sites: Sites, context: BuildContext): void {
  const { report, system } = context;
  const of = `Plugin ${plugin}`;
  const site = sites.made ?? { file: "", line: 1, column: 1 };
  const entries = [...entriesOf(steps, `${of}: "steps"`, site, report)];
  for (const [step, value] of entries.sort(([a], [b]) => order(a, b))) {
    if (!checkSlug(step, "step", site, report)) continue;
    const declaration = declarationOf<TaskDeclaration>(value, "task");
    if (declaration === undefined) {
      const message = `${of}: the step "${step}" is ${shown(value)}, which defineTask() has not made.`;
      report.error("EJS2173", message, { site, word: step });
      continue;
    }
    const name = `${plugin}/${step}`;
    if (!checkSlug(name, "task", site, report)) continue;
    if (system.tasks.some((other) => other.name === name)) {
      const message = `${of} has the step "${step}", and there is the task file tasks/${name}.ts as well.`;
      report.error("EJS2104", message, { site: sites.used, hint: "Rename the file." });
      continue;
    }
    const own = declaration.site !== undefined && report.positions.isOwn(declaration.site.file);
    addTask({ name, plugin, declaration, site: own ? (declaration.site ?? site) : site }, context);
  }
}
