/** Steps that wait. */
import { suggestion } from "../../errors/suggestion.ts";
import { printString } from "../../expression/index.ts";
import { slugName, type WorkflowNode } from "../../model/index.ts";
import { declarationOf } from "../declared.ts";
import type { StepOf } from "../flow-steps.ts";
import type { WorkflowDeclaration, WorkflowReferenceDeclaration } from "../workflow.ts";
import { isCleanText } from "./options.ts";
import { shown } from "./report.ts";
import { checkInput, schemaPart } from "./workflow-outside-steps.ts";
import { type StepContext, textsOf } from "./workflow-step-context.ts";

type Made = WorkflowNode | undefined;

export function sleepNode(context: StepContext, step: StepOf<"sleep">): Made {
  if (step.moment !== undefined) {
    const moment = context.expression(step, step.moment, "until", { kind: "timestamp" });
    return moment === undefined ? undefined : { id: step.id, kind: "sleep", until: { moment } };
  }
  const ms = context.length(step, step.length ?? null, "the pause");
  return ms === undefined ? undefined : { id: step.id, kind: "sleep", until: { ms } };
}

/** Gives a signal: what `waitForSignalNode` waits for. */
export function signalNode(context: StepContext, step: StepOf<"signal">): Made {
  const { id } = step;
  const signal = signalName(context, step);
  const key = context.expression(step, step.key, "key");
  const payload = step.payload === undefined ? {} : { payload: context.checked(step, step.payload) };
  const attempts = context.attempts(step);
  if (signal === undefined || key === undefined) return undefined;
  return { id, kind: "signal", signal, key, ...payload, ...attempts };
}

export function waitForSignalNode(context: StepContext, step: StepOf<"waitForSignal">): Made {
  const { id } = step;
  const signal = signalName(context, step);
  const timeoutMs = context.length(step, step.timeout, "timeout");
  const key = context.expression(step, step.key, "key");
  const payload = schemaPart(context, step, step.payload, "payload");
  if (signal === undefined || key === undefined) return undefined;
  return { id, kind: "waitForSignal", signal, key, ...payload, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

function signalName(context: StepContext, step: StepOf<"signal" | "waitForSignal">): string | undefined {
  const { signal } = step;
  if (slugName.safeParse(signal).success) return signal;
  context.refuse(step, `${shown(signal)} is no name of a signal`, 'Letters, digits and dashes: "parcel-delivered".');
  return undefined;
}

export function approvalNode(context: StepContext, step: StepOf<"approval">): Made {
  const { id, question } = step;
  const timeoutMs = context.length(step, step.timeout, "timeout");
  const refused = context.oneOf(step, step.refused, "refused", ["continue", "fail"]);
  const values = context.checked(step, step.show);
  const rules = [roleRule(context, step), allowRule(context, step)].filter((rule) => rule !== undefined);
  if (question !== undefined && !isCleanText(question))
    context.refuse(step, `question is ${shown(question)}`, undefined, "question");
  if (step.role === undefined && step.allow === undefined) {
    context.refuse(step, "it does not say who may decide", 'role: "billing", or allow: ({ actor }) => …');
  }
  if (rules.length === 0) return undefined;
  return {
    id,
    kind: "approval",
    policy: rules.length === 1 ? (rules[0] ?? "false") : rules.map((rule) => `(${rule})`).join(" && "),
    ...(isCleanText(question) ? { question } : {}),
    values,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    refused,
  };
}

function roleRule(context: StepContext, step: StepOf<"approval">): string | undefined {
  const { role } = step;
  if (role === undefined) return undefined;
  const { roles } = context.tools.context.system;
  if (roles.some(({ name }) => name === role)) return `${printString(role as string)} in actor.roles`;
  const hint = suggestion(
    role,
    roles.map(({ name }) => name),
    "Roles",
  );
  const message = `${context.what(step)}: there is no role ${shown(role)}.`;
  context.tools.context.report.error("EJS2112", message, {
    site: step.site,
    word: typeof role === "string" ? role : "role",
    hint,
  });
  return undefined;
}

function allowRule(context: StepContext, step: StepOf<"approval">): string | undefined {
  return step.allow === undefined ? undefined : context.expression(step, step.allow, "allow", { kind: "bool" });
}

/** The other workflow is looked for when all are known. */
export function startNode(context: StepContext, step: StepOf<"start">): Made {
  const declaration = declarationOf<WorkflowDeclaration | WorkflowReferenceDeclaration>(
    step.workflow,
    "workflow",
    "workflow-reference",
  );
  const workflow = declaration?.name ?? step.workflow;
  const written = context.values(step, step.values);
  const timeoutMs = context.length(step, step.timeout, "timeout");
  if (typeof workflow !== "string" || !slugName.safeParse(workflow).success) {
    context.refuse(step, `${shown(workflow)} is no name of a workflow`);
    return undefined;
  }
  checkInput(context, step, context.tools.inputOf(workflow), written, "workflow");
  if (step.wait !== undefined && typeof step.wait !== "boolean") {
    context.refuse(step, `wait is true or false, not ${shown(step.wait)}`, undefined, "wait");
  }
  return {
    id: step.id,
    kind: "startWorkflow",
    workflow,
    input: textsOf(written),
    wait: step.wait !== false,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}
