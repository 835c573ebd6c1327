/** What the steps of one workflow are looked at with: its names, its results so far, and the words for what is wrong. */
import { suggestion } from "../../errors/suggestion.ts";
import type { Environment, ExpressionType, Variable } from "../../expression/index.ts";
import type { Entity, Field, Retry } from "../../model/index.ts";
import type { CallbackAt } from "../field.ts";
import type { StepDeclaration } from "../flow-steps.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import type { Callbacks, Written } from "./callbacks.ts";
import type { Environments } from "./environments.ts";
import type { Expressions } from "./expressions.ts";
import { isPlainObject } from "./options.ts";
import { shown } from "./report.ts";
import { LENGTHS_OF_TIME, milliseconds, retryOf } from "./workflow-options.ts";

export interface StepTools {
  /** The schema of what another workflow gives whoever waits for it, where that is one thing; it is looked at first where it must be. */
  readonly outputOf: (workflow: string) => unknown;
  /** The JSON Schema of what a workflow is started with, where it says that. */
  readonly inputOf: (workflow: string) => unknown;
  readonly context: BuildContext;
  readonly callbacks: Callbacks;
  readonly expressions: Expressions;
  readonly environments: Environments;
}

/** What starts the runs of a workflow, as its steps see it: a row's event, or what somebody gives. */
export type StepSource =
  | { readonly entity: Entity; readonly input: readonly Field[] | undefined }
  | { readonly entity?: undefined; readonly input: unknown };

/** What a callback gives that has failed and is reported: nothing is said about what is missing in it. */
export const UNREADABLE: ReadonlyMap<string, Written> = new Map();

export class StepContext {
  readonly workflow: string;
  readonly source: StepSource;
  readonly tools: StepTools;
  /** Every id of the workflow, bodies included: each once. */
  readonly ids: Set<string>;
  /** Results so far, and items of the loops around. */
  readonly results: Readonly<Record<string, Variable>>;

  constructor(
    workflow: string,
    source: StepSource,
    tools: StepTools,
    results: Readonly<Record<string, Variable>> = {},
    ids: Set<string> = new Set(),
  ) {
    this.workflow = workflow;
    this.source = source;
    this.tools = tools;
    this.results = results;
    this.ids = ids;
  }

  with(results: Readonly<Record<string, Variable>>): StepContext {
    return new StepContext(this.workflow, this.source, this.tools, { ...this.results, ...results }, this.ids);
  }

  what({ id }: Pick<StepDeclaration, "id">): string {
    return `Workflow ${this.workflow}, step ${id}`;
  }

  /** @param row of which entity `row` is, where the step has one */
  environment(row?: string): Environment {
    const { environments } = this.tools;
    const { source, results } = this;
    const environment =
      source.entity === undefined
        ? environments.givenStep(source.input, results)
        : environments.step(source.entity, source.input, results);
    if (row === undefined) return environment;
    return { ...environment, variables: { ...environment.variables, row: environments.result(row) } };
  }

  /** The expressions that a callback gives, by name. */
  values(step: StepDeclaration, given: CallbackAt | undefined, row?: string): ReadonlyMap<string, Written> {
    if (given === undefined) return new Map();
    return this.tools.callbacks.expressions(given, { names: this.names(row) }, this.what(step)) ?? UNREADABLE;
  }

  /** As `values`, each checked; their texts. */
  checked(step: StepDeclaration, given: CallbackAt | undefined): Record<string, string> {
    const written = this.values(step, given);
    for (const value of written.values()) this.check(value);
    return textsOf(written);
  }

  /** The text of the one expression that a callback gives. */
  expression(
    step: StepDeclaration,
    given: CallbackAt | undefined,
    part: string,
    expected?: ExpressionType,
    row?: string,
  ): string | undefined {
    const what = `${this.what(step)}, ${part}`;
    if (given === undefined) {
      this.refuse(step, `${part} is missing`, "It is a callback: ({ record }) => record.id.");
      return undefined;
    }
    const written = this.tools.callbacks.expression(given, { names: this.names(row) }, what);
    if (written === undefined) return undefined;
    this.check(written, expected, row);
    return written.text;
  }

  check(written: Written, expected?: ExpressionType, row?: string) {
    return this.tools.expressions.check(written, this.environment(row), expected);
  }

  /** Says that an option is not of the form that it has. */
  refuse(step: StepDeclaration, problem: string, hint?: string, word?: string): void {
    this.tools.context.report.error("EJS2106", `${this.what(step)}: ${problem}.`, { site: step.site, hint, word });
  }

  /** An option that is a length of time. */
  length(step: StepDeclaration, value: unknown, name: string): number | undefined {
    if (value === undefined) return undefined;
    const length = milliseconds(value);
    if (length === undefined)
      this.refuse(step, `${name} is a length of time such as "3d", not ${shown(value)}`, LENGTHS_OF_TIME, name);
    return length;
  }

  /** One of some words; the first where it is left out. */
  oneOf<T extends string>(step: StepDeclaration, value: unknown, name: string, words: readonly [T, ...T[]]): T {
    if (value === undefined) return words[0];
    const found = words.find((word) => word === value);
    if (found === undefined) {
      this.refuse(
        step,
        `${name} is ${words.map((word) => `"${word}"`).join(" or ")}, not ${shown(value)}`,
        undefined,
        name,
      );
    }
    return found ?? words[0];
  }

  /** A whole number in a range. */
  count(step: StepDeclaration, value: unknown, name: string, most: number, otherwise: number): number {
    if (value === undefined) return otherwise;
    if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most) return value;
    this.refuse(step, `${name} is a whole number from 1 to ${most}, not ${shown(value)}`, undefined, name);
    return otherwise;
  }

  /** What a step says of its attempts. */
  attempts(step: StepDeclaration): { retry?: Retry; timeoutMs?: number } {
    if (step.options === undefined) return {};
    if (!isPlainObject(step.options)) {
      this.refuse(step, `its options are ${shown(step.options)} and no object`, '{ timeout: "30s" }');
      return {};
    }
    const { retry, timeout } = step.options;
    const timeoutMs = this.length(step, timeout, "timeout");
    const parsed =
      retry === undefined ? undefined : retryOf(this.what(step), retry, step.site, this.tools.context.report);
    return { ...(parsed === undefined ? {} : { retry: parsed }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  }

  /** An entity by its name; undefined after a report. */
  draft(step: StepDeclaration, name: string): EntityDraft | undefined {
    const { drafts, brokenEntities, report } = this.tools.context;
    const draft = drafts.get(name);
    if (draft === undefined && !brokenEntities.has(name)) {
      const hint = suggestion(name, drafts.keys(), "Entities");
      const message = `${this.what(step)}: there is no entity ${shown(name)}.`;
      report.error("EJS2121", message, { site: step.site, word: name, hint });
    }
    return draft;
  }

  /** Not only the names that are known: for a misspelt one the checker finds the nearest. */
  private names(row: string | undefined): string[] {
    return [
      ...(this.source.entity === undefined ? ["input"] : ["event", "record"]),
      "actor",
      "request",
      "flags",
      ...(row === undefined ? [] : ["row"]),
      ...Object.keys(this.results),
    ];
  }
}

export const textsOf = (written: ReadonlyMap<string, Written>): Record<string, string> =>
  Object.fromEntries([...written].map(([name, { text }]) => [name, text]));
