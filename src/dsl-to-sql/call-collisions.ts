/** Mutations and types of the API that a workflow would share with an entity, another workflow, or the core. */
import type { Diagnostic } from "../errors/diagnostic.ts";
import type { Entity } from "../model/index.ts";
import { type ModelIndex, sortedBy } from "./model-index.ts";
import { callName, isCallable } from "./process-function.ts";

/** What every API may have that comes from no model. */
const OWN = [
  "decideWorkflowApproval",
  ...["retry", "cancel", "skip", "pause", "resume", "fork"].map((verb) => `${verb}WorkflowRun`),
  ...["pauseWorkflow", "resumeWorkflow", "redriveWorkflowRuns"],
  ...["create", "update", "delete"].map((verb) => `${verb}WebhookEndpoint`),
  ...["rotateWebhookSecret", "redeliverWebhook", "redeliverFailedWebhooks", "sendTestWebhook"],
];

const upperFirst = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

export function callCollisions(model: ModelIndex): Diagnostic[] {
  const taken = new Map(OWN.map((name) => [name, "the core"]));
  for (const entity of model.entities) for (const [name, what] of namesOf(entity)) taken.set(name, what);
  return sortedBy(model.system.workflows.filter(isCallable), ({ name }) => name).flatMap((workflow): Diagnostic[] => {
    const field = callName(workflow);
    const own = [field, `${upperFirst(field)}Input`, `${upperFirst(field)}Payload`];
    const shared = own.find((name) => taken.has(name));
    for (const name of own) if (shared === undefined) taken.set(name, `the workflow ${workflow.name}`);
    if (shared === undefined) return [];
    const where = model.where(`workflows.${workflow.name}`);
    const kind = shared === field ? "mutation" : "type";
    return [
      {
        code: "EJS3001",
        severity: "error",
        message: `The workflow ${workflow.name} and ${taken.get(shared)} would both become the ${kind} "${shared}" in GraphQL.`,
        ...(where === undefined ? {} : { where }),
        hint: "Give the workflow another name, or let nobody start it over the API.",
      },
    ];
  });
}

function* namesOf({ name, actions }: Entity): Iterable<readonly [string, string]> {
  const what = `the entity ${name}`;
  for (const part of ["", "Connection", "Edge", "Filter", "OrderBy", "Input", "Patch"]) yield [`${name}${part}`, what];
  for (const command of ["create", "update", "delete", ...actions.map((action) => action.name)]) {
    const mutation = `${command}${name}`;
    for (const name of [mutation, `${upperFirst(mutation)}Input`, `${upperFirst(mutation)}Payload`]) yield [name, what];
  }
}
