import {
  anonymous,
  column,
  found,
  inSchema,
  type LintCase,
  longTable,
  owner,
  policy,
  schema,
  table,
  user,
} from "./lint-case.ts";

const sequence = inSchema(`Se"q $$`);

export const grantCases: readonly LintCase[] = [
  {
    lint: "grant-to-public",
    bad: `grant select on ${table} to public; grant update (${column}) on ${longTable} to public; create sequence ${sequence};
      grant usage on sequence ${sequence} to public`,
    finds: [...found("warn", sequence, table), ...found("error", longTable)],
    good: `grant select on ${table} to ${user}; create schema closed; create table closed.t (); grant all on closed.t to public`,
  },
  {
    lint: "grant-to-anonymous",
    name: "without row level security",
    bad: `grant insert, delete on ${table} to ${anonymous}; grant update (${column}, body) on ${longTable} to ${anonymous}`,
    finds: found("error", table, longTable),
    good: `grant select on ${table} to ${anonymous}; grant insert on ${table} to ${user}`,
  },
  {
    lint: "grant-to-anonymous",
    name: "with row level security and no policy for it",
    bad: `alter table ${table} enable row level security; create policy ${policy} on ${table} for select to ${anonymous} using (true);
      grant insert on ${table} to ${anonymous}`,
    finds: found("info", table),
    good: `alter table ${table} enable row level security; create policy ${policy} on ${table} for insert to ${anonymous} with check (body is null);
      grant insert on ${table} to ${anonymous}`,
  },
  {
    lint: "grant-to-anonymous",
    name: "a role that the setting names",
    bad: `grant insert on ${table} to ${user}`,
    finds: found("error", table),
    good: `grant insert on ${table} to ${owner}`,
    settings: { anonymous: `{"Us\\"er $$ 'Role"}` },
  },
  {
    lint: "anonymous-readable",
    bad: `grant select on ${table} to ${anonymous}; grant select (${column}) on ${longTable} to ${anonymous}`,
    finds: found("info", table, longTable),
    good: `grant select on ${table} to ${user}; grant insert on ${table} to ${anonymous}`,
  },
  {
    lint: "grant-truncate",
    bad: `grant truncate on ${table}, ${longTable} to ${user}; alter table ${table} enable row level security`,
    finds: [...found("error", table), ...found("warn", longTable)],
    good: `grant delete on ${table} to ${user}; alter table ${longTable} owner to ${owner}`,
  },
  {
    lint: "grant-references-trigger",
    bad: `grant trigger on ${table} to ${user}, ${anonymous}; grant references (id) on ${longTable} to ${user}`,
    finds: found("warn", table, longTable),
    good: `grant select, insert, update, delete on ${table} to ${user}`,
  },
  {
    lint: "grant-all",
    bad: `grant all on ${table} to ${user}, ${anonymous}`,
    finds: found("warn", table),
    good: `grant select, insert, update, delete on ${table} to ${user}`,
  },
  {
    lint: "grant-all",
    name: "a trusted role",
    bad: `grant all on ${longTable} to ${anonymous}; grant all on ${table} to ${user}`,
    finds: found("warn", longTable),
    good: `grant all on ${table} to ${user}`,
    settings: { trusted: `{"Us\\"er $$ 'Role"}` },
  },
  {
    lint: "grant-option",
    bad: `grant select on ${table} to ${user} with grant option; grant update (${column}) on ${longTable} to ${user} with grant option;
      create sequence ${sequence}; grant usage on sequence ${sequence} to ${user} with grant option`,
    finds: found("warn", sequence, table, longTable),
    good: `grant select on ${table} to ${user}`,
  },
  {
    lint: "grant-sequence",
    bad: `create sequence ${sequence}; grant all on sequence ${sequence} to ${user}; create sequence ${inSchema("Other")};
      grant select on sequence ${inSchema("Other")} to ${user}`,
    finds: [...found("warn", sequence), ...found("info", inSchema("Other"))],
    good: `create sequence ${sequence}; grant usage on sequence ${sequence} to ${user}`,
  },
  {
    lint: "schema-create",
    bad: `grant create on schema ${schema} to ${user}; create schema "Open"; grant create on schema "Open" to public`,
    finds: [...found("error", `"Open"`), ...found("warn", schema)],
    good: `grant usage on schema ${schema} to public`,
  },
  {
    lint: "default-privileges-open",
    bad: `alter default privileges for role ${owner} in schema ${schema} grant select on tables to ${anonymous};
      alter default privileges for role ${owner} grant usage on sequences to ${user};
      alter default privileges for role ${owner} in schema ${schema} grant execute on functions to public`,
    finds: [
      ...found("warn", `functions of ${owner} in ${schema}`, `tables of ${owner} in ${schema}`),
      ...found("info", `sequences of ${owner}`),
    ],
    good: `alter default privileges for role ${owner} revoke execute on functions from public;
      alter default privileges for role ${owner} in schema ${schema} grant select on tables to pg_monitor`,
  },
  {
    lint: "database-open",
    bad: `do $do$ begin execute format('revoke all on database %I from public', current_database());
      execute format('grant temporary, create on database %I to public', current_database()); end $do$`,
    // It is there without any doing: what changes is the level.
    finds: ["warn (this database)"],
    good: `do $do$ begin execute format('revoke all on database %I from public', current_database()); end $do$`,
  },
];
