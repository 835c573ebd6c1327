/** Steps as a workflow's `steps` declares them, before they are looked at. */
import type { z } from "zod";
import type { CallbackAt } from "./field.ts";
import type { Site } from "./site.ts";
import type { Duration, RetryOptions } from "./workflow-options.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a step may say of its attempts. */
export interface AttemptOptions {
  /** In place of the workflow's. */
  readonly retry?: RetryOptions;
  /** Of one attempt; then it is tried again. */
  readonly timeout?: Duration;
}

type Values = CallbackAt | undefined;

/** The parts of each kind of step; what the user gave stands as it was given. */
export interface StepParts {
  create: { readonly entity: string; readonly values: Values };
  get: { readonly entity: string; readonly row: Values; readonly missing: unknown };
  find: { readonly entity: string; readonly where: Values; readonly missing: unknown };
  list: { readonly entity: string; readonly where: Values; readonly orderBy: unknown; readonly limit: unknown };
  update: { readonly entity: string; readonly row: Values; readonly values: Values };
  updateAll: { readonly entity: string; readonly where: Values; readonly values: Values };
  delete: { readonly entity: string; readonly row: Values };
  query: { readonly query: string; readonly values: Values; readonly row: z.ZodType | undefined };
  signal: { readonly signal: string; readonly key: Values; readonly payload: Values };
  publish: { readonly queue: unknown; readonly values: Values };
  transform: { readonly values: Values };
  task: { readonly task: string; readonly values: Values };
  log: { readonly level: unknown; readonly message: string; readonly values: Values };
  http: {
    readonly method: unknown;
    readonly url: unknown;
    readonly headers: Values;
    readonly body: Values;
    readonly secret: unknown;
    readonly privateHosts: unknown;
    readonly accept: unknown;
    readonly response: z.ZodType | undefined;
    /** What a request does not have. */
    readonly others: Readonly<Record<string, unknown>>;
  };
  sleep: { readonly length: unknown; readonly moment: Values };
  waitForSignal: {
    readonly signal: string;
    readonly key: Values;
    readonly timeout: unknown;
    readonly payload: z.ZodType | undefined;
  };
  approval: {
    readonly role: unknown;
    readonly allow: Values;
    readonly question: unknown;
    readonly show: Values;
    readonly timeout: unknown;
    readonly refused: unknown;
  };
  start: { readonly workflow: unknown; readonly values: Values; readonly wait: unknown; readonly timeout: unknown };
  branch: { readonly when: Values; readonly then: unknown; readonly otherwise: unknown };
  parallel: { readonly arms: unknown };
  forEach: {
    readonly items: Values;
    readonly body: unknown;
    readonly as: unknown;
    readonly limit: unknown;
    readonly collect: Values;
  };
  compensate: { readonly undo: unknown };
  fail: { readonly error: string; readonly message: unknown; readonly values: Values };
  output: { readonly values: Values };
}

export type StepKind = keyof StepParts;

/** A step of one kind. */
export type StepOf<K extends StepKind> = K extends StepKind
  ? {
      readonly id: string;
      readonly site: Site | undefined;
      readonly kind: K;
      readonly options?: unknown;
    } & StepParts[K]
  : never;

export type StepDeclaration = StepOf<StepKind>;
