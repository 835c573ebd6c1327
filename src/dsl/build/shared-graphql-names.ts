/** Names that two things would share in GraphQL: types, mutations, the fields of a type. The server could not start. */
import type { Entity } from "../../model/index.ts";
import type { BuildContext } from "./build-context.ts";

/** Types of the API that come from no entity; entities named like them are refused by their own name. */
const SCALARS = ["String", "Int", "Boolean", "UUID", "BigInt", "BigFloat", "JSON", "Date", "Datetime"];
const OWN_TYPES = [
  "PageInfo",
  "Affordances",
  "FieldAffordance",
  "TransitionAffordance",
  "WorkflowApproval",
  "WorkflowDeadLetter",
  "WorkflowRedrive",
  "WorkflowRun",
  "WorkflowRunStatus",
  "WorkflowStep",
  ...SCALARS.flatMap((scalar) => [`${scalar}Filter`, `${scalar}ListFilter`]),
];

/** Mutations that come from no entity. */
const OWN_MUTATIONS = ["pauseWorkflow", "resumeWorkflow"];

/** Those of webhooks, where the config offers any. */
const WEBHOOK_TYPES = [
  "Delivery",
  "DeliveryStatus",
  "DisabledReason",
  "Endpoint",
  "EndpointPatch",
  "EndpointWithSecret",
  "EventType",
].map((name) => `Webhook${name}`);
const WEBHOOK_MUTATIONS = ["rotateWebhookSecret", "redeliverWebhook", "redeliverFailedWebhooks", "sendTestWebhook"];

const upperFirst = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** What has a name, for the message, and the entity whose declaration it stands in. */
interface Owner {
  readonly what: string;
  readonly entity?: string | undefined;
}

export function refuseSharedGraphqlNames({ drafts, report, system }: BuildContext): void {
  const types = new Map<string, Owner>(OWN_TYPES.map((name) => [name, { what: "a type that every API has" }]));
  const hasWebhooks = system.webhooks !== undefined;
  for (const name of hasWebhooks ? WEBHOOK_TYPES : []) types.set(name, { what: "a type of webhooks" });
  const mutations = new Map<string, Owner>(OWN_MUTATIONS.map((name) => [name, { what: "a mutation of every API" }]));
  for (const name of hasWebhooks ? WEBHOOK_MUTATIONS : []) mutations.set(name, { what: "a mutation of webhooks" });
  const actions = new Set<string>();
  const claim = (taken: Map<string, Owner>, kind: string, name: string, owner: Owner) => {
    const other = taken.get(name);
    if (other === undefined) {
      taken.set(name, owner);
      return;
    }
    const site = drafts.get(owner.entity ?? "")?.declaration.site;
    const message = `${upperFirst(other.what)} and ${owner.what} both become the ${kind} "${name}" in GraphQL.`;
    report.error("EJS2104", message, { site, word: owner.entity });
  };
  // What an entity is called by its author stands; what is derived from another one gives way in the message.
  for (const { entity } of drafts.values()) {
    claim(types, "type", entity.name, { what: `the entity ${entity.name}`, entity: entity.name });
  }
  for (const { entity } of drafts.values()) {
    for (const [name, what] of derivedTypes(entity)) claim(types, "type", name, { what, entity: entity.name });
    for (const command of ["create", "update", "delete"]) {
      const what = `${entity.name}'s ${command}`;
      claim(mutations, "mutation", `${command}${entity.name}`, { what, entity: entity.name });
    }
  }
  for (const { entity } of drafts.values()) {
    for (const { name } of entity.actions) {
      // Two actions of one mutation are one function as well, which is told already.
      if (actions.has(`${name}${entity.name}`)) continue;
      actions.add(`${name}${entity.name}`);
      const what = `the action ${entity.name}.${name}`;
      claim(mutations, "mutation", `${name}${entity.name}`, { what, entity: entity.name });
    }
    const fields = new Map<string, Owner>();
    for (const [name, what] of fieldNames(entity)) claim(fields, "field", name, { what, entity: entity.name });
  }
  for (const [mutation, { what, entity }] of mutations) {
    for (const part of ["Input", "Payload"]) {
      claim(types, "type", `${upperFirst(mutation)}${part}`, { what: `the ${lowerFirst(part)} of ${what}`, entity });
    }
  }
}

function* derivedTypes({ name }: Entity): Iterable<readonly [name: string, what: string]> {
  for (const part of ["Connection", "Edge", "Filter", "OrderBy", "Input", "Patch"]) {
    yield [`${name}${part}`, `${name}'s ${lowerFirst(part)}`];
  }
}

/** A reference `customer` has its id beside it, `customerId`. Two stored fields of that name share a column: that is told elsewhere. */
function* fieldNames({ name, fields }: Entity): Iterable<readonly [name: string, what: string]> {
  for (const field of fields) {
    if (field.storage.kind !== "column") yield [field.name, `the field ${name}.${field.name}`];
  }
  for (const field of fields) {
    if (field.type.kind === "one") yield [`${field.name}Id`, `the id of ${name}.${field.name}`];
  }
}
