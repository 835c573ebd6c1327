/**
 * The model of the expression tests: tenant-owned tables with composite keys, a
 * global one, nullable and required references, virtual fields, a relation of an
 * entity to itself.
 */
import type {
  Catalog,
  CatalogEntity,
  CatalogField,
  Environment,
  ExpressionType,
} from "../../../src/expression/index.ts";
import { column } from "../../../src/sql-ast/expressions.ts";

export const STATES = ["draft", "sent", "paid", "void"] as const;
export const ROLES = ["admin", "billing", "dev"] as const;
export const PLANS = ["free", "pro"] as const;

const type = {
  bool: { kind: "bool" },
  int: { kind: "int" },
  decimal: { kind: "decimal" },
  string: { kind: "string" },
  uuid: { kind: "uuid" },
  date: { kind: "date" },
  timestamp: { kind: "timestamp" },
  duration: { kind: "duration" },
  json: { kind: "json" },
  strings: { kind: "list", of: { kind: "string" } },
  uuids: { kind: "list", of: { kind: "uuid" } },
  state: { kind: "enum", values: STATES },
  role: { kind: "enum", values: ROLES },
  plan: { kind: "enum", values: PLANS },
} satisfies Record<string, ExpressionType>;

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const columns = (required: Record<string, ExpressionType>, optional: Record<string, ExpressionType>) =>
  [
    ...Object.entries(required).map(([name, t]) => [name, t, false] as const),
    ...Object.entries(optional).map(([name, t]) => [name, t, true] as const),
  ].map(([name, t, nullable]): [string, CatalogField] => [
    name,
    { kind: "column", type: t, nullable, column: snake(name) },
  ]);
const one = (
  name: string,
  entity: string,
  column: string,
  nullable: boolean,
  global = false,
): [string, CatalogField] => [
  name,
  {
    kind: "one",
    entity,
    nullable,
    columns: [...(global ? [] : [{ column: "tenant_id", references: "tenant_id" }]), { column, references: "id" }],
  },
];
const many = (name: string, entity: string, references: string, global = false): [string, CatalogField] => [
  name,
  {
    kind: "many",
    entity,
    columns: [...(global ? [] : [{ column: "tenant_id", references: "tenant_id" }]), { column: "id", references }],
  },
];
const virtual = (name: string, t: ExpressionType, expression: string): [string, CatalogField] => [
  name,
  { kind: "virtual", type: t, nullable: true, expression },
];
/** A field that lies in a table of its own, with the entity's key. */
const side = (name: string, t: ExpressionType, sideTable: string): [string, CatalogField] => [
  name,
  { kind: "side", type: t, table: { schema: "shop", name: sideTable }, column: snake(name) },
];
const tenant = one("tenant", "Tenant", "tenant_id", false, true);

function entity(
  name: string,
  key: readonly string[],
  fields: readonly [string, CatalogField][],
): [string, CatalogEntity] {
  return [name, { name, table: { schema: "shop", name: snake(name).slice(1) }, key, fields: new Map(fields) }];
}

const TENANT_KEY = ["tenant_id", "id"];

export const catalog: Catalog = {
  entities: new Map([
    entity("Tenant", ["id"], columns({ id: type.uuid, name: type.string }, {})),
    entity(
      "Person",
      ["id"],
      [
        ...columns({ id: type.uuid }, { name: type.string, level: type.int }),
        many("owned", "Invoice", "owner_id", true),
        one("manager", "Person", "manager_id", true, true),
        side("salary", type.int, "person_salary"),
      ],
    ),
    entity("Team", TENANT_KEY, [
      ...columns({ id: type.uuid, plan: type.plan }, { name: type.string, budget: type.decimal }),
      tenant,
      one("lead", "Person", "lead_id", true, true),
      one("parent", "Team", "parent_id", true),
      many("members", "Member", "team_id"),
      many("invoices", "Invoice", "team_id"),
      side("secret", type.string, "team_secret"),
      virtual("headcount", type.int, "row.members.size()"),
    ]),
    entity("Member", TENANT_KEY, [
      ...columns({ id: type.uuid }, { role: type.role, score: type.int, joinedOn: type.date }),
      tenant,
      one("team", "Team", "team_id", false),
      one("person", "Person", "person_id", true, true),
    ]),
    entity("Invoice", TENANT_KEY, [
      ...columns(
        { id: type.uuid, code: type.string, status: type.state },
        {
          title: type.string,
          qty: type.int,
          amount: type.decimal,
          rate: type.decimal,
          paid: type.bool,
          ref: type.uuid,
          dueOn: type.date,
          startsAt: type.timestamp,
          endsAt: type.timestamp,
          span: type.duration,
          tags: type.strings,
          meta: type.json,
        },
      ),
      tenant,
      one("team", "Team", "team_id", true),
      one("home", "Team", "home_id", false),
      one("owner", "Person", "owner_id", true, true),
      many("lines", "Line", "invoice_id"),
      one("previous", "Invoice", "other_id", true),
      side("margin", type.decimal, "invoice_margin"),
      side("reviewedAt", type.timestamp, "invoice_review"),
      virtual("total", type.decimal, "row.lines.map(l, l.price * l.qty).sum()"),
      virtual("open", type.bool, "row.paid != true && row.total > 0"),
      virtual("label", type.string, 'row.title == null ? "none" : row.code + ":" + row.title'),
    ]),
    entity("Line", TENANT_KEY, [
      ...columns(
        { id: type.uuid },
        { qty: type.int, price: type.decimal, paid: type.bool, note: type.string, at: type.timestamp },
      ),
      tenant,
      one("invoice", "Invoice", "invoice_id", false),
      one("approver", "Person", "approver_id", true, true),
      virtual("cost", type.decimal, "row.price * row.qty"),
    ]),
  ]),
};

/** Values come from a table `env` that is joined to each row; `other` is an outer-joined invoice under a hostile alias. */
export const environment: Environment = {
  catalog,
  variables: {
    row: { kind: "row", entity: "Invoice", nullable: false, alias: "r" },
    other: { kind: "row", entity: "Invoice", nullable: true, alias: "t1" },
    actor: {
      kind: "record",
      fields: {
        id: { kind: "value", type: type.uuid, nullable: true, sql: column("t2", "actor_id") },
        roles: { kind: "value", type: { kind: "list", of: type.role }, nullable: false, sql: column("t2", "roles") },
        teams: { kind: "value", type: type.uuids, nullable: true, sql: column("t2", "teams") },
      },
    },
    limit: { kind: "value", type: type.int, nullable: true, sql: column("t2", "limit") },
    input: {
      kind: "value",
      nullable: true,
      sql: column("t2", "input"),
      type: {
        kind: "record",
        fields: {
          n: { type: type.int, nullable: true },
          s: { type: type.string, nullable: true },
          d: { type: type.decimal, nullable: true },
          flag: { type: type.bool, nullable: true },
          at: { type: type.timestamp, nullable: true },
          names: { type: type.strings, nullable: true },
          ints: { type: { kind: "list", of: type.int }, nullable: true },
          decimals: { type: { kind: "list", of: type.decimal }, nullable: true },
          times: { type: { kind: "list", of: type.timestamp }, nullable: true },
          lines: {
            type: {
              kind: "list",
              of: {
                kind: "record",
                fields: {
                  qty: { type: type.int, nullable: true },
                  price: { type: type.decimal, nullable: true },
                  note: { type: type.string, nullable: true },
                },
              },
            },
            nullable: true,
          },
          sub: { type: { kind: "record", fields: { m: { type: type.int, nullable: true } } }, nullable: true },
        },
      },
    },
  },
};

/** A CHECK constraint's environment over the same table. */
export const sameRow: Environment = {
  catalog,
  sameRowOnly: true,
  variables: { row: { kind: "row", entity: "Invoice", nullable: false, alias: "" } },
};

/** Columns that are not ordered by code point: only `collate "C"` makes them so. */
const TEXT = 'text collate "und-x-icu"';

export const SCHEMA = `
  create schema shop;
  create table shop.tenant (id uuid primary key, name ${TEXT} not null);
  create table shop.person (id uuid primary key, name ${TEXT}, level integer,
    manager_id uuid references shop.person);
  create table shop.person_salary (id uuid primary key references shop.person, salary bigint);
  create table shop.team (tenant_id uuid not null references shop.tenant, id uuid not null, name ${TEXT}, plan ${TEXT} not null,
    budget numeric, lead_id uuid references shop.person, parent_id uuid, primary key (tenant_id, id));
  create table shop.team_secret (tenant_id uuid not null, id uuid not null, secret ${TEXT}, primary key (tenant_id, id),
    foreign key (tenant_id, id) references shop.team);
  create table shop.member (tenant_id uuid not null, id uuid not null, team_id uuid not null, person_id uuid references shop.person,
    role ${TEXT}, score integer, joined_on date, primary key (tenant_id, id), foreign key (tenant_id, team_id) references shop.team);
  create table shop.invoice (tenant_id uuid not null references shop.tenant, id uuid not null, code ${TEXT} not null, status ${TEXT} not null,
    title ${TEXT}, qty bigint, amount numeric(12,2), rate numeric, paid boolean, ref uuid, due_on date, starts_at timestamptz,
    ends_at timestamptz, span interval, tags text[], meta jsonb, team_id uuid, home_id uuid not null, owner_id uuid references shop.person,
    other_id uuid, primary key (tenant_id, id),
    foreign key (tenant_id, team_id) references shop.team, foreign key (tenant_id, home_id) references shop.team);
  create table shop.invoice_margin (tenant_id uuid not null, id uuid not null, margin numeric(12,2), primary key (tenant_id, id),
    foreign key (tenant_id, id) references shop.invoice);
  create table shop.invoice_review (tenant_id uuid not null, id uuid not null, reviewed_at timestamptz, primary key (tenant_id, id),
    foreign key (tenant_id, id) references shop.invoice);
  create table shop.line (tenant_id uuid not null, id uuid not null, invoice_id uuid not null, qty integer, price numeric(12,2),
    paid boolean, note ${TEXT}, at timestamptz, approver_id uuid references shop.person, primary key (tenant_id, id),
    foreign key (tenant_id, invoice_id) references shop.invoice);
  create table shop.env (n int primary key, actor_id uuid, roles text[] not null, teams uuid[], "limit" bigint, input jsonb);
`;
