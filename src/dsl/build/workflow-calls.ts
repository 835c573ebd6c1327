/** How people call a workflow: who may start it, and whether they wait for what it gives. */
import type { Workflow } from "../../model/index.ts";
import type { Callback } from "../declared.ts";
import type { WorkflowDeclaration } from "../workflow.ts";
import { isPlainObject } from "./options.ts";
import { shown } from "./report.ts";
import type { StepContext } from "./workflow-step-context.ts";
import { otherTrigger } from "./workflow-triggers.ts";

/** The names that `allow` of a manual trigger sees. */
const ALLOW_NAMES = ["actor", "flags", "input", "request"];

/** A manual trigger with its `allow`, every other one as it is. */
export function withAllow(
  trigger: Workflow["trigger"],
  { options, name, site }: WorkflowDeclaration,
  context: StepContext,
): Workflow["trigger"] {
  const declaration = otherTrigger(options.on);
  if (trigger.kind !== "manual" || declaration?.kind !== "manual-trigger") return trigger;
  const { allow } = isPlainObject(declaration.options) ? declaration.options : {};
  if (allow === undefined) return trigger;
  const { callbacks, expressions, context: build } = context.tools;
  const what = `Workflow ${name}, allow`;
  if (typeof allow !== "function") {
    build.report.error("EJS2106", `${what} is a callback, not ${shown(allow)}.`, {
      site: declaration.site,
      word: "allow",
    });
    return trigger;
  }
  const given = { callback: allow as Callback, site: declaration.site ?? site };
  const written = callbacks.expression(given, { names: ALLOW_NAMES }, what);
  if (written === undefined) return trigger;
  const { catalog, variables } = context.environment();
  const seen = Object.fromEntries(Object.entries(variables).filter(([variable]) => ALLOW_NAMES.includes(variable)));
  expressions.check(written, { catalog, variables: seen }, { kind: "bool" });
  return { ...trigger, allow: written.text };
}

/** Whether the declaration says that its callers wait; it can where there are some. */
export function isSynchronous(
  { options, name, site }: WorkflowDeclaration,
  trigger: Workflow["trigger"],
  { tools }: StepContext,
): boolean {
  const { execution } = options;
  if (execution === undefined) return false;
  if (execution === "sync" && trigger.kind === "manual") return true;
  const problem =
    execution === "sync"
      ? `execution is "sync", and nobody waits for what a trigger of the kind ${trigger.kind} starts`
      : `execution is "sync" or left out, not ${shown(execution)}`;
  tools.context.report.error("EJS2106", `Workflow ${name}: ${problem}.`, {
    site,
    word: "execution",
    hint: 'Whoever calls a workflow with on: manual(…) may wait for its output: execution: "sync".',
  });
  return false;
}
