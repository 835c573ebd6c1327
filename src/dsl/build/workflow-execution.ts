/** When the runs of a workflow begin: order, limits, pauses, priority. */
import { suggestion } from "../../errors/suggestion.ts";
import type { Workflow } from "../../model/index.ts";
import type { Callback } from "../declared.ts";
import type { WorkflowDeclaration } from "../workflow.ts";
import { isPlainObject } from "./options.ts";
import { shown } from "./report.ts";
import { milliseconds } from "./workflow-options.ts";
import type { StepContext } from "./workflow-step-context.ts";

type Execution = NonNullable<Workflow["options"]>;

export const EXECUTION_OPTIONS = ["ordered", "concurrency", "rate", "debounce", "priority"];

/** What a workflow says of its runs; nothing of what could not be understood. */
export function executionOf({ options, site, name }: WorkflowDeclaration, context: StepContext): Execution {
  const { report } = context.tools.context;
  const refuse = (problem: string, word: string) => {
    report.error("EJS2168", `Workflow ${name}: ${problem}.`, { site, word });
    return undefined;
  };
  // A part that is not there is shown where the option is that it belongs to.
  const at = (path: string, value: unknown) => path.split(".").at(value === undefined ? 0 : -1) ?? path;
  const count = (value: unknown, path: string, least = 1, most = 1_000_000) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    return refuse(`${path} is a whole number from ${least} to ${most}, not ${shown(value)}`, at(path, value));
  };
  const parts = (word: string, known: readonly string[]): Readonly<Record<string, unknown>> | undefined => {
    const value = options[word];
    if (!isPlainObject(value)) {
      const plain = word === "ordered" ? '"record" or ' : "";
      return refuse(`${word} is ${plain}an object of ${known.join(", ")}, not ${shown(value)}`, word);
    }
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      report.error("EJS2105", `Workflow ${name}: ${word} has no option ${shown(key)}.`, {
        site,
        word: key,
        hint: suggestion(key, known, "There are"),
      });
    }
    return value;
  };
  const length = (value: unknown, path: string) =>
    milliseconds(value) ?? refuse(`${path} is a length of time such as "10s", not ${shown(value)}`, at(path, value));
  const key = (value: unknown, word: string): string | undefined => {
    if (typeof value !== "function") return refuse(`the key of ${word} is a callback, not ${shown(value)}`, word);
    const names = context.source.entity === undefined ? ["input"] : ["event"];
    const { callbacks, expressions } = context.tools;
    const written = callbacks.expression({ callback: value as Callback, site }, { names }, `Workflow ${name}, ${word}`);
    if (written === undefined) return undefined;
    const { catalog, variables } = context.environment();
    const seen = Object.fromEntries(Object.entries(variables).filter(([variable]) => names.includes(variable)));
    expressions.check(written, { catalog, variables: seen });
    return written.text;
  };
  const keyed = (value: unknown, word: string) => {
    if (value === undefined) return {};
    const text = key(value, word);
    return text === undefined ? {} : { key: text };
  };
  const made: Execution = {};
  if (options.ordered === "record") {
    made.ordered = { by: "record", onFailure: "halt" };
  } else if (options.ordered !== undefined) {
    const given = parts("ordered", ["by", "onFailure"]);
    const { by, onFailure = "halt" } = given ?? {};
    const text = given === undefined || by === "record" || by === undefined ? undefined : key(by, "ordered");
    if (onFailure !== "halt" && onFailure !== "skip") {
      refuse(`ordered.onFailure is "halt" or "skip", not ${shown(onFailure)}`, "onFailure");
    } else if (given !== undefined && (text !== undefined || by === "record" || by === undefined)) {
      made.ordered = { by: text === undefined ? "record" : { key: text }, onFailure };
    }
  }
  if (made.ordered?.by === "record" && context.source.entity === undefined) {
    refuse("no record starts it, so it cannot be ordered by one: ordered: { by: ({ input }) => … }", "ordered");
  }
  if (typeof options.concurrency === "number") {
    const limit = count(options.concurrency, "concurrency");
    if (limit !== undefined) made.concurrency = { limit };
  } else if (options.concurrency !== undefined) {
    const given = parts("concurrency", ["limit", "key"]);
    const limit = given && count(given.limit, "concurrency.limit");
    if (given !== undefined && limit !== undefined) made.concurrency = { limit, ...keyed(given.key, "concurrency") };
  }
  if (options.rate !== undefined) {
    const given = parts("rate", ["limit", "per", "key"]);
    const limit = given && count(given.limit, "rate.limit");
    const perMs = given && length(given.per, "rate.per");
    if (given !== undefined && limit !== undefined && perMs !== undefined)
      made.rate = { limit, perMs, ...keyed(given.key, "rate") };
  }
  if (options.debounce !== undefined) {
    const given = parts("debounce", ["key", "pause", "max"]);
    const pauseMs = given && length(given.pause, "debounce.pause");
    const text = given && key(given.key, "debounce");
    const maxMs = given?.max === undefined ? undefined : length(given.max, "debounce.max");
    if (maxMs !== undefined && pauseMs !== undefined && maxMs < pauseMs)
      refuse("debounce.max is less than its pause", "max");
    if (text !== undefined && pauseMs !== undefined)
      made.debounce = { key: text, pauseMs, ...(maxMs === undefined ? {} : { maxMs }) };
  }
  if (options.priority !== undefined) {
    const priority = count(options.priority, "priority", -100, 100);
    if (priority !== undefined) made.priority = priority;
  }
  return made;
}
