/** People with salaries: fields that not everybody may read or write, in a tenancy. */
import type pg from "pg";
import type { System } from "../../../src/model/index.ts";
import { applySystem } from "../../support/apply-system.ts";
import { people, type TestActor, tenants } from "./invoicing-database.ts";
import { buildSystem, type EntityOptions, many, one, scalar, text } from "./system-builder.ts";

const members = "row.tenant.id == actor.tenantId";

export const personnelEntities: Readonly<Record<string, EntityOptions>> = {
  Tenant: {
    tenant: false,
    fields: { name: { type: text(200), required: true }, memberships: { type: many("Membership", "tenant") } },
    policies: [[["read"], "members see their company", "row.id == actor.tenantId"]],
  },
  User: {
    tenant: false,
    fields: {
      name: { type: text(200), required: true },
      memberships: { type: many("Membership", "user") },
    },
    policies: [[["read"], "people see themselves", "row.id == actor.id"]],
  },
  Membership: {
    fields: {
      user: { type: one("User"), required: true, unique: true },
      roles: { type: scalar("roles"), required: true },
    },
    policies: [[["read"], "people see their own memberships", "row.user.id == actor.id"]],
  },
  Employee: {
    events: true,
    fields: {
      name: { type: text(80), required: true },
      person: { type: one("User") },
      manager: { type: one("User") },
      salary: {
        type: scalar("money"),
        description: "A month's, gross",
        access: {
          read: {
            name: "oneself, the manager and billing",
            expression: 'row.person.id == actor.id || row.manager.id == actor.id || "billing" in actor.roles',
          },
          write: {
            name: "the manager and billing",
            expression: 'row.manager.id == actor.id || "billing" in actor.roles',
          },
        },
      },
      iban: {
        type: text(34),
        access: {
          read: { name: "billing only", expression: '"billing" in actor.roles' },
          change: "once",
        },
      },
      grade: {
        type: scalar("integer"),
        required: true,
        default: { kind: "value", value: 1 },
        access: { write: { name: "billing grades", expression: '"billing" in actor.roles' } },
      },
      hiredOn: { type: scalar("date"), access: { change: "never" } },
      badge: { type: text(20), access: { change: "once" } },
    },
    policies: [
      [["read"], "members of the tenant", members],
      [["create"], "members hire", '"member" in actor.roles'],
      [["update"], "the manager or billing", 'row.manager.id == actor.id || "billing" in actor.roles'],
      [["delete"], "billing only", '"billing" in actor.roles'],
    ],
  },
};

export const personnel = (): System => buildSystem({ tenancy: true, entities: personnelEntities });

const employee = (n: number): string => `00000000-0000-7000-8000-0000000006${String(n).padStart(2, "0")}`;
/** `worker` is managed by `manager`, `accountant` by nobody; `theirs` belongs to the other tenant. */
export const employees = { worker: employee(1), manager: employee(2), accountant: employee(3), theirs: employee(4) };

export const staff = {
  worker: { role: "enginejs_user", id: people.member, tenant: tenants.ours },
  manager: { role: "enginejs_user", id: people.owner, tenant: tenants.ours },
  accountant: { role: "enginejs_user", id: people.biller, tenant: tenants.ours },
  stranger: { role: "enginejs_user", id: people.stranger, tenant: tenants.theirs },
  intruder: { role: "enginejs_user", id: people.stranger, tenant: tenants.ours },
  anonymous: { role: "enginejs_anonymous" },
  system: { role: "enginejs_system", tenant: tenants.ours },
} as const satisfies Readonly<Record<string, TestActor>>;

const SEED = `
set role enginejs_owner;
insert into app.tenant (id, name) values ('${tenants.ours}', 'Ours'), ('${tenants.theirs}', 'Theirs');
insert into app."user" (id, name) select u, n from (values
  ('${people.owner}'::uuid, 'manager'), ('${people.biller}', 'accountant'), ('${people.member}', 'worker'),
  ('${people.stranger}', 'stranger')) as t (u, n);
insert into app.membership (tenant_id, user_id, roles) values
  ('${tenants.ours}', '${people.owner}', '{member}'), ('${tenants.ours}', '${people.biller}', '{member,billing}'),
  ('${tenants.ours}', '${people.member}', '{member}'), ('${tenants.theirs}', '${people.stranger}', '{member,billing}');
insert into app.employee (tenant_id, id, name, person_id, manager_id) values
  ('${tenants.ours}', '${employees.worker}', 'worker', '${people.member}', '${people.owner}'),
  ('${tenants.ours}', '${employees.manager}', 'manager', '${people.owner}', null),
  ('${tenants.ours}', '${employees.accountant}', 'accountant', '${people.biller}', null),
  ('${tenants.theirs}', '${employees.theirs}', 'theirs', '${people.stranger}', null);
update app.employee_salary s set salary = v from (values
  ('${employees.worker}'::uuid, 1000), ('${employees.manager}', 2000), ('${employees.accountant}', 3000),
  ('${employees.theirs}', 4000)) as t (e, v) where s.id = e;
reset role;
`;

export async function buildPersonnel(client: pg.Client, system = personnel()): Promise<void> {
  await applySystem(client, system);
  await client.query(SEED);
}
