/** Webhooks out: `webhooks: { events: ["Invoice.created"], manage: ["billing"] }`. */
import { suggestion } from "../../errors/suggestion.ts";
import { eventNames, parseEventName } from "../../model/event-name.ts";
import type { Entity, System } from "../../model/index.ts";
import type { ConfigDeclaration } from "../config.ts";
import type { BuildContext } from "./build-context.ts";
import { isPlainObject } from "./options.ts";
import { order, shown } from "./report.ts";

type Webhooks = NonNullable<System["webhooks"]>;
type Event = Webhooks["events"][number];

/** Adds them when entities, their actions and queues are known. */
export function addWebhooks(declaration: ConfigDeclaration | undefined, context: BuildContext): void {
  const config = isPlainObject(declaration?.config) ? declaration.config : {};
  if (!isPlainObject(config.webhooks)) return;
  const { events, manage, privateHosts } = config.webhooks;
  const { report, system } = context;
  const refuse = (problem: string, word: string, hint?: string) =>
    report.error("EJS2169", `webhooks: ${problem}.`, {
      site: declaration?.site,
      word: ["webhooks", word],
      ...(hint === undefined ? {} : { hint }),
    });

  if (system.tenancy === undefined) {
    refuse("endpoints belong to tenants, and the config has no tenancy", "webhooks");
    return;
  }
  const offered = new Map<string, Event>();
  for (const name of listOf(events)) {
    const event = typeof name === "string" ? eventOf(name, context, refuse) : undefined;
    if (event !== undefined) offered.set(event.name, event);
    if (typeof name !== "string") refuse(`an event is a name such as "Invoice.created", not ${shown(name)}`, "events");
  }
  const roles = system.roles.filter(({ of }) => of === "tenant").map(({ name }) => name);
  const managers = new Set<string>();
  for (const role of listOf(manage)) {
    if (typeof role === "string" && roles.includes(role)) managers.add(role);
    else {
      const hint = suggestion(role, roles, "Roles of tenants");
      refuse(`there is no role ${shown(role)} that tenants give`, typeof role === "string" ? role : "manage", hint);
    }
  }
  const hosts = new Set<string>();
  for (const host of listOf(privateHosts)) {
    if (typeof host === "string" && /^[a-z0-9.:_-]{1,253}$/.test(host)) hosts.add(host);
    else {
      const hint = 'A host in small letters, without scheme, port and brackets: privateHosts: ["localhost", "::1"].';
      refuse(`${shown(host)} is no name or address of a host`, typeof host === "string" ? host : "privateHosts", hint);
    }
  }
  if (offered.size === 0 || managers.size === 0) return;
  system.webhooks = {
    events: [...offered.values()].sort((a, b) => order(a.name, b.name)),
    manage: [...managers].sort(),
    privateHosts: [...hosts].sort(),
  };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** @returns undefined after a report */
function eventOf(
  name: string,
  { drafts, brokenEntities, system }: BuildContext,
  refuse: (problem: string, word: string, hint?: string) => void,
): Event | undefined {
  const queues = (system.queues ?? []).map((queue) => queue.name);
  if (queues.includes(name)) return { name, queue: name };
  const { entity: of, action } = parseEventName(name) ?? { entity: "", action: "" };
  // What was declared and could not be understood was told already.
  if (brokenEntities.has(of) || drafts.get(of)?.broken.has(action) === true) return undefined;
  const entities = [...drafts.values()].map(({ entity }) => entity);
  const entity = entities.find((candidate) => candidate.name === of);
  if (entity === undefined || !eventNames({ entities: [entity] }).includes(name)) {
    const isOffered = (of: Entity) => of.events && (of.tenant || of.name === system.tenancy?.entity);
    const known = eventNames({ entities: entity === undefined ? entities.filter(isOffered) : [entity] });
    refuse(`there is no event ${shown(name)}`, name, suggestion(name, [...known, ...queues], "Events"));
    return undefined;
  }
  if (!entity.events) {
    refuse(`${entity.name} says events: false, so there is no event ${shown(name)}`, name);
    return undefined;
  }
  if (!entity.tenant && entity.name !== system.tenancy?.entity) {
    const hint = "Endpoints belong to tenants: they are told of what is their tenant's.";
    refuse(`${entity.name} belongs to no tenant, so nobody can be told of ${shown(name)}`, name, hint);
    return undefined;
  }
  return { name, entity: entity.name, action };
}
