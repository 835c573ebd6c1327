/**
 * Values that the environment gives when a command runs: `env("NAME")` stands for one in the config, and steps read it
 * when they run. Who runs the steps says where the values come from; where nobody has, nothing can be read.
 */
import { SHORTEST_SECRET, secretForms } from "./secret-forms.ts";
import { captureSite, type Site } from "./site.ts";

/** A value that the environment gives when a command runs; never part of the model. */
export interface EnvironmentValue {
  readonly kind: "env";
  readonly name: string;
  /** What stands in for it during development; elsewhere the variable must be set. */
  readonly development?: string;
}

/** What a plugin takes for a token, an address and the like: a text, or `env("NAME")` for what no file should hold. */
export type Setting = string | EnvironmentValue;

/** A call of `env()`, with its place. */
export interface EnvironmentUse {
  readonly value: EnvironmentValue;
  readonly site: Site | undefined;
}

interface SettingSource {
  /** @throws where the variable is not set */
  readonly read: (value: EnvironmentValue) => string;
}

interface State {
  uses?: EnvironmentUse[] | undefined;
  source?: SettingSource;
  readonly secrets: Set<string>;
}

/** On a global symbol: a project that loads this package twice still has one environment. */
const key = Symbol.for("enginejs.settings");
const holder = globalThis as { [key]?: State };
holder[key] ??= { secrets: new Set() };
const state: State = holder[key];

/**
 * Refers to an environment variable.
 *
 * @example jwt: { secret: env("JWT_SECRET", { development: "only-for-development" }) }
 * @example plugins: [slack({ token: env("SLACK_TOKEN") })]
 */
export function env(name: string, options: { readonly development?: string } = {}): EnvironmentValue {
  const value: EnvironmentValue = {
    kind: "env",
    name,
    ...(options.development === undefined ? {} : { development: options.development }),
  };
  state.uses?.push({ value, site: captureSite() });
  return value;
}

/**
 * The value of a setting that a plugin was given, for its steps: a text as it is, of `env("NAME")` the variable's value. Read in
 * `run`, not before: a build does not know the secrets of the worker.
 *
 * @example
 * export const slack = ({ token }: { readonly token: Setting }) =>
 *   definePlugin({
 *     name: "slack",
 *     steps: { "post-message": defineTask({ input, run: ({ input }) => post(readSetting(token), input) }) },
 *   });
 * @throws EJS1012 where the variable is not set; the step is tried again
 */
export function readSetting(setting: Setting): string {
  if (typeof setting === "string") return setting;
  if (state.source !== undefined) {
    const value = state.source.read(setting);
    if (value.length >= SHORTEST_SECRET && !state.secrets.has(value)) {
      for (const form of secretForms(value)) state.secrets.add(form);
    }
    return value;
  }
  throw new Error(
    `readSetting(env(${JSON.stringify(setting.name)})) is for the run of a step: the variable is the worker's, and nothing else has it. Elsewhere give the setting as a text.`,
  );
}

/** From now on settings are read there: the worker's own environment. */
export function provideSettings(source: SettingSource): void {
  state.source = source;
}

/** Remembers the calls of `env()` until the function that it gives is called, which gives them. */
export function rememberEnvironmentUses(): () => readonly EnvironmentUse[] {
  const uses: EnvironmentUse[] = [];
  state.uses = uses;
  return () => {
    if (state.uses === uses) state.uses = undefined;
    return uses;
  };
}

/** Whether there is anything to hide. */
export const hasSecrets = (): boolean => state.secrets.size > 0;

/** A text without the values that steps have read from the environment: `***` stands in their places. */
export function withoutSecrets(text: string): string {
  // The longest first: one may be a part of another.
  if (longestFirst.length !== state.secrets.size) longestFirst = [...state.secrets].sort((a, b) => b.length - a.length);
  let clean = text;
  for (const secret of longestFirst) clean = clean.replaceAll(secret, "***");
  return clean;
}

let longestFirst: readonly string[] = [];
