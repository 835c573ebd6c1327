/** A help desk whose rules allow, deny, check what is left behind, climb a tree and speak of fields, in hostile sentences. */
import type pg from "pg";
import type { System } from "../../../src/model/index.ts";
import { applySystem } from "../../support/apply-system.ts";
import { invoicingEntities } from "./invoicing.ts";
import { buildSystem, many, one, scalar, state, text } from "./system-builder.ts";

const { Tenant, User, Membership } = invoicingEntities as Required<Pick<typeof invoicingEntities, "Tenant">> &
  typeof invoicingEntities;

export const sentences = {
  owner: `it's the "owner" $$ \\ of %s; --`,
  agents: "agents: and /* those */ above\nthem",
  locked: "locked tickets' $body$ stay",
  marked: 'nobody makes "x" tickets \\',
  priority: 'agents\' "priority" %',
  secret: "owners' eyes $1 only",
};

const owner = "row.owner.id == actor.id";
const agent = '"billing" in actor.roles';

/** With all its operations offered, for GraphQL. */
export const desk = (): System => {
  const system = rules();
  const kinds = ["list", "get", "create", "update", "delete"] as const;
  const entities = system.entities.map((entity) => ({
    ...entity,
    operations: kinds.map((kind) => ({ id: `${entity.name}.${kind}`, kind, input: [], output: [] })),
  }));
  return { ...system, entities };
};

const rules = (): System =>
  buildSystem({
    tenancy: true,
    entities: {
      Tenant: Tenant as never,
      User: User as never,
      Membership: Membership as never,
      Queue: {
        fields: {
          name: { type: text(40), required: true },
          parent: { type: one("Queue") },
          lead: { type: one("User") },
          tickets: { type: many("Ticket", "queue") },
        },
        policies: [[["read"], "members of the tenant", "row.tenant.id == actor.tenantId"]],
      },
      Ticket: {
        events: true,
        fields: {
          title: { type: text(40), required: true },
          owner: { type: one("User"), default: { kind: "expression", expression: "actor.id" } },
          queue: { type: one("Queue") },
          hidden: { type: scalar("boolean") },
          locked: { type: scalar("boolean") },
          priority: { type: scalar("integer"), access: { write: { name: sentences.priority, expression: agent } } },
          code: { type: text(20), access: { change: "once" } },
          secret: { type: text(40), access: { read: { name: sentences.secret, expression: owner } } },
          state: { type: state(["open", "done", "gone"], "open") },
        },
        policies: [
          [["read"], "those who may see it", `row.hidden != true || ${owner} || ${agent}`],
          {
            name: sentences.owner,
            commands: ["update", "delete"],
            expression: owner,
            check: `${owner} && row.title != "other"`,
          },
          { name: sentences.agents, commands: ["create", "update", "delete"], expression: agent },
          {
            name: "leads above it",
            commands: ["update"],
            expression: 'row.queue.selfAndAncestors("parent").exists(q, q.lead.id == actor.id)',
          },
          { name: sentences.locked, effect: "deny", commands: ["update", "delete"], expression: "row.locked == true" },
          { name: sentences.marked, effect: "deny", commands: ["create"], expression: 'row.title.startsWith("x")' },
          {
            name: "no closing in a hurry",
            effect: "deny",
            commands: [],
            actions: ["close"],
            expression: "row.priority > 5",
          },
        ],
        actions: {
          close: {
            transition: { field: "state", from: ["open"], to: "done" },
            guards: [{ expression: 'row.title != ""', message: "needs a 'title' $$ \\" }],
          },
          drop: {
            transition: { field: "state", from: ["open", "done"], to: "gone" },
            allow: { name: "its owner", expression: owner },
          },
          nudge: {
            input: { note: { type: text(20), required: true } },
            guards: [{ expression: 'input.note != "no"', message: "needs another note" }],
          },
        },
      },
    },
  });

export async function buildDesk(client: pg.Client, system: System = desk()): Promise<void> {
  await applySystem(client, system);
}

const id = (kind: number, n: number): string =>
  `00000000-0000-7000-80${String(kind).padStart(2, "0")}-${String(n).padStart(12, "0")}`;
export const deskTenants = [id(1, 1), id(1, 2)] as const;
/** Of each tenant: an agent, a member, another member. The last one belongs nowhere. */
export const deskPeople = [1, 2, 3, 4, 5, 6, 7].map((n) => id(2, n));
export const deskQueues = [1, 2, 3].map((n) => id(3, n));
export const ticketId = (n: number): string => id(4, n);

/** The tenants and their people; tickets are the test's own. */
export async function seedDesk(client: pg.Client): Promise<void> {
  const values = (rows: readonly string[]) => rows.join(", ");
  await client.query(`
    set role enginejs_owner;
    insert into app.tenant (id, name) values ${values(deskTenants.map((t) => `('${t}', 'T')`))};
    insert into app."user" (id, name, email) values ${values(deskPeople.map((p) => `('${p}', 'P', '${p}@x.example')`))};
    insert into app.membership (tenant_id, user_id, roles) values ${values(
      deskPeople
        .slice(0, 6)
        .map((p, i) => `('${deskTenants[i < 3 ? 0 : 1]}', '${p}', '{${i % 3 === 0 ? "billing" : "member"}}')`),
    )};
    insert into app.queue (tenant_id, id, name, parent_id, lead_id) values
      ('${deskTenants[0]}', '${deskQueues[0]}', 'top', null, '${deskPeople[2]}'),
      ('${deskTenants[0]}', '${deskQueues[1]}', 'below', '${deskQueues[0]}', null),
      ('${deskTenants[1]}', '${deskQueues[2]}', 'theirs', null, '${deskPeople[4]}');
    reset role;`);
}
