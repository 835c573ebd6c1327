/** What the functions of a workflow declare that get a flow: `steps`, arms, bodies. */
import { suggestion } from "../../errors/suggestion.ts";
import { FlowRecorder } from "../flow-recorder.ts";
import type { StepDeclaration } from "../flow-steps.ts";
import { type Site, siteOfError } from "../site.ts";
import type { WorkflowDeclaration } from "../workflow.ts";
import type { BuildContext } from "./build-context.ts";
import { shown } from "./report.ts";

/** What a flow has methods for. */
const STEPS = Object.getOwnPropertyNames(FlowRecorder.prototype).filter((name) => name !== "constructor");

/** Runs `steps` and keeps what it declares. */
export function declaredSteps({ name, options, site }: WorkflowDeclaration, context: BuildContext) {
  const { steps } = options;
  if (typeof steps !== "function") {
    // A word that does not stand there would be found in the next workflow.
    const word = steps === undefined ? name : "steps";
    context.report.error("EJS2159", `Workflow ${name}: "steps" is ${shown(steps)}.`, { site, word });
    return [];
  }
  return recorded(steps as (flow: FlowRecorder) => unknown, {
    of: `Workflow ${name}: "steps"`,
    word: "steps",
    site,
    context,
  });
}

/** Runs a function of a workflow's that gets a flow, and gives the steps that it declares; none after a report. */
export function recorded(
  steps: (flow: FlowRecorder) => unknown,
  { of, word, site, context: { report } }: { of: string; word?: string; site: Site | undefined; context: BuildContext },
): readonly StepDeclaration[] {
  try {
    const flow = steps(new FlowRecorder());
    if (flow instanceof FlowRecorder && flow.steps.length > 0) return flow.steps;
    const { found, hint } = returned(flow);
    report.error("EJS2159", `${of} returns ${found}.`, { site, word, hint });
  } catch (error) {
    const message = error instanceof Error ? error.message : shown(error);
    const [, misspelt] = /\.([\p{L}\d_$]+) is not a function/u.exec(message) ?? [];
    const hint = misspelt === undefined ? undefined : suggestion(misspelt, STEPS, "Steps");
    report.error("EJS2130", `${of} failed: ${message}`, { site: siteOfError(error) ?? site, word: misspelt, hint });
  }
  return [];
}

/** What a function that was to return its steps has returned instead, and what was meant. */
function returned(flow: unknown): { readonly found: string; readonly hint?: string } {
  if (flow instanceof FlowRecorder) {
    const hint = 'Each step returns a new flow, return the last one: (flow) => flow.log("a", "…").log("b", "…")';
    return { found: "a flow without steps", hint };
  }
  if (flow instanceof Promise) {
    // Its failure is not looked at, and must not end the process.
    flow.catch(() => undefined);
    return { found: "a promise", hint: "It only says what the steps are, when the model is built: leave out async." };
  }
  return { found: flow === undefined ? "nothing" : shown(flow) };
}
