/** The options that each kind of step has; one that there is not would else be left out silently. */
import type { StepDeclaration, StepKind } from "../flow-steps.ts";
import { checkOptions, isPlainObject } from "./options.ts";
import type { StepContext } from "./workflow-step-context.ts";

const ATTEMPTS = ["retry", "timeout"];

/** By kind; of those without options, none are given. */
const OPTIONS: Readonly<Record<StepKind, readonly string[] | undefined>> = {
  create: ATTEMPTS,
  get: [...ATTEMPTS, "missing"],
  find: [...ATTEMPTS, "missing"],
  list: [...ATTEMPTS, "where", "orderBy", "limit"],
  update: ATTEMPTS,
  updateAll: ATTEMPTS,
  delete: ATTEMPTS,
  query: [...ATTEMPTS, "row"],
  transform: undefined,
  task: ATTEMPTS,
  log: ["level"],
  http: ATTEMPTS,
  publish: ATTEMPTS,
  signal: ATTEMPTS,
  sleep: undefined,
  waitForSignal: ["timeout", "payload"],
  approval: ["role", "allow", "question", "show", "timeout", "refused"],
  start: ["wait", "timeout"],
  branch: undefined,
  parallel: undefined,
  forEach: ["as", "limit", "collect"],
  compensate: undefined,
  fail: ["message", "values"],
  output: undefined,
};

const REQUEST = ["method", "url", "headers", "body", "secret", "privateHosts", "accept", "response"];

/** Reports the options of a step that there are not. */
export function checkStepOptions(context: StepContext, step: StepDeclaration): void {
  const { report } = context.tools.context;
  const what = context.what(step);
  if (step.kind === "http") checkOptions(step.others, REQUEST, `${what}: the request`, step.site, report);
  const known = OPTIONS[step.kind];
  if (known === undefined || !isPlainObject(step.options)) return;
  checkOptions(step.options, known, what, step.site, report);
}
