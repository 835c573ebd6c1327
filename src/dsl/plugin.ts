/**
 * Plugins: what a package or a file of one's own adds to a project. Today these are steps of workflows.
 */
import { declared } from "./declared.ts";
import { captureSites, type Site } from "./site.ts";
import type { TaskContext } from "./task.ts";

export interface PluginDeclaration {
  readonly kind: "plugin";
  /** The calls that have made it, the innermost first: in the plugin's own file, then in the config. */
  readonly sites: readonly Site[];
  /** As its author gave it; the compiler checks its form and its names. */
  readonly definition: unknown;
}

/** A step of a plugin, as `defineTask` makes it. */
export interface PluginStep {
  readonly run: (context: TaskContext<never>) => unknown;
}

/** What `definePlugin` takes. */
export interface PluginDefinition {
  /** The first part of the names of its steps; small letters, digits and `-`: `slack`. */
  readonly name: string;
  /** The version of its package. It is kept with each build, so that a worker with another one can say so. */
  readonly version?: string;
  /** What it is for, for people. */
  readonly describe?: string;
  /** By their names: `"post-message"` of the plugin `slack` is the task `slack/post-message`. */
  readonly steps?: Readonly<Record<string, PluginStep>>;
}

/** A plugin, for `plugins` of the config. */
export interface Plugin extends PluginDefinition {
  readonly steps: Readonly<Record<string, PluginStep>>;
}

/**
 * Defines a plugin; commonly a function returns it, which takes the plugin's options. Its steps are used like task files, by
 * `.task("tell", "slack/post-message", …)`, and as `slack.postMessage` in a JSON process. Options stay where they are: neither
 * the model nor the database has them.
 *
 * @example
 * // plugins/slack.ts
 * export const slack = ({ token }: { readonly token: Setting }) =>
 *   definePlugin({
 *     name: "slack",
 *     version: "1.2.0",
 *     steps: {
 *       "post-message": defineTask({
 *         input: z.object({ channel: z.string(), text: z.string() }),
 *         output: z.object({ ts: z.string() }),
 *         run: ({ input, idempotencyKey, signal }) => post(readSetting(token), input, idempotencyKey, signal),
 *       }),
 *     },
 *   });
 * // enginejs.config.ts
 * export default defineConfig({ plugins: [slack({ token: env("SLACK_TOKEN") })] });
 */
export function definePlugin(definition: PluginDefinition): Plugin {
  const declaration: PluginDeclaration = { kind: "plugin", sites: captureSites(), definition };
  return declared<PluginDeclaration, Plugin>(declaration, { ...definition, steps: definition?.steps ?? {} });
}
