/** What the functions of a workflow declare that get a flow: `steps`, arms, bodies. */
import { FlowRecorder } from "../flow-recorder.ts";
import type { StepDeclaration } from "../flow-steps.ts";
import { type Site, siteOfError } from "../site.ts";
import type { WorkflowDeclaration } from "../workflow.ts";
import type { BuildContext } from "./build-context.ts";
import { shown, suggestion } from "./report.ts";

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
    const found = flow instanceof FlowRecorder ? "a flow without steps" : flow === undefined ? "nothing" : shown(flow);
    report.error("EJS2159", `${of} returns ${found}.`, { site, word });
  } catch (error) {
    const message = error instanceof Error ? error.message : shown(error);
    const [, misspelt] = /\.([\p{L}\d_$]+) is not a function/u.exec(message) ?? [];
    const hint = misspelt === undefined ? undefined : suggestion(misspelt, STEPS, "Steps");
    report.error("EJS2130", `${of} failed: ${message}`, { site: siteOfError(error) ?? site, word: misspelt, hint });
  }
  return [];
}
