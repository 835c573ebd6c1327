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

const view = inSchema(`Vi"ew $$`);
const outer = inSchema(`outer "view`);
const asker = inSchema(`who "asks`);
/** The role of EngineJS that owns what policies ask of other tables, and a function of it that tells who asks. */
const reader = `do $$ begin
    if to_regrole('enginejs_reader') is null then create role enginejs_reader; end if;
    execute format('grant enginejs_reader to %I', current_user);
  end $$;
  grant usage, create on schema ${schema} to enginejs_reader; set local role enginejs_reader;
  create function ${asker}() returns text stable language sql return current_setting('x.who', true); reset role`;
const login = `"Lo""gin $$"`;

export const tableCases: readonly LintCase[] = [
  {
    lint: "rls-disabled",
    name: "open to a role, nothing else is guarded",
    bad: `grant select on ${table} to ${user}; grant update (${column}) on ${longTable} to ${user}`,
    finds: found("warn", table, longTable),
    good: `grant select on ${table} to ${user}; alter table ${table} enable row level security;
      create table ${schema}.mine (); create schema closed; create table closed.t (); grant select on closed.t to ${user}`,
  },
  {
    lint: "rls-disabled",
    name: "open to everybody",
    bad: `grant select on ${table} to public`,
    finds: found("error", table),
    good: `grant usage on schema ${schema} to ${owner}; alter table ${table} owner to ${owner}`,
  },
  {
    lint: "rls-disabled",
    name: "a partition of a guarded table",
    bad: `create table ${schema}.parted (id int) partition by list (id); alter table ${schema}.parted enable row level security;
      create table ${schema}.part partition of ${schema}.parted default; grant select on ${schema}.part, ${schema}.parted to ${user}`,
    finds: found("error", `${schema}.part`),
    good: `create table ${schema}.parted (id int) partition by list (id); alter table ${schema}.parted enable row level security;
      create table ${schema}.part partition of ${schema}.parted default; grant select on ${schema}.parted to ${user}`,
  },
  {
    lint: "rls-not-forced",
    bad: `alter role ${owner} login; alter table ${table} owner to ${owner}; alter table ${table} enable row level security;
      create policy ${policy} on ${table} to ${user} using (true)`,
    finds: found("warn", table),
    good: `alter role ${owner} login; alter table ${table} owner to ${owner}; alter table ${longTable} owner to ${owner};
      alter table ${table} enable row level security; alter table ${table} force row level security;
      create policy ${policy} on ${table} to ${user} using (true); alter table ${longTable} enable row level security`,
  },
  {
    lint: "rls-not-forced",
    name: "a login inherits the owner",
    bad: `create role ${login} login in role ${owner}; alter table ${table} owner to ${owner}; alter table ${table} enable row level security;
      create policy ${policy} on ${table} to ${user} using (true)`,
    finds: found("warn", table),
    good: `create role ${login} login in role ${owner}; alter table ${table} enable row level security;
      create policy ${policy} on ${table} to ${user} using (true)`,
  },
  {
    lint: "rls-not-forced",
    name: "nobody logs in as the owner",
    bad: `alter table ${table} owner to ${owner}; alter table ${table} enable row level security;
      create policy ${policy} on ${table} to ${user} using (true)`,
    finds: found("info", table),
    good: "select 1",
  },
  {
    lint: "rls-no-policy",
    bad: `alter table ${table} enable row level security`,
    finds: found("info", table),
    good: `alter table ${table} enable row level security; create policy ${policy} on ${table} using (false)`,
    wordsOnly: true,
  },
  {
    lint: "rls-disabled-with-policies",
    bad: `create policy ${policy} on ${table} to ${user} using (true)`,
    finds: found("error", table),
    good: `create policy ${policy} on ${table} to ${user} using (true); alter table ${table} enable row level security`,
  },
  {
    lint: "foreign-table-exposed",
    bad: `create foreign data wrapper w; create server s foreign data wrapper w;
      create foreign table ${inSchema(`fo"reign`)} (id int) server s; grant select on ${inSchema(`fo"reign`)} to ${user};
      create foreign table ${inSchema("Far")} (id int) server s; grant select on ${inSchema("Far")} to ${anonymous}`,
    finds: [...found("warn", inSchema(`fo"reign`)), ...found("error", inSchema("Far"))],
    good: `create foreign data wrapper w; create server s foreign data wrapper w; create foreign table ${inSchema("Far")} (id int) server s`,
  },
  {
    lint: "materialized-view-exposed",
    bad: `create materialized view ${view} as select * from ${table}; grant select on ${view} to ${user}, public`,
    finds: found("error", view),
    good: `create materialized view ${view} as select * from ${table}`,
  },
  {
    lint: "definer-view",
    name: "over other views",
    bad: `alter table ${table} enable row level security; create view ${view} as select * from ${table};
      create view ${outer} as select * from ${view}; grant select on ${outer} to ${user}`,
    finds: found("error", outer),
    good: `alter table ${table} enable row level security; create view ${view} with (security_invoker = true) as select * from ${table};
      grant select on ${view} to ${user}; create view ${outer} as select * from ${table}`,
  },
  {
    lint: "definer-view",
    name: "over a table without policies",
    bad: `create view ${view} with (security_invoker = off) as select * from ${table}; grant select on ${view} to ${user}`,
    finds: found("info", view),
    good: `create view ${view} with (security_invoker = on) as select * from ${table}; grant select on ${view} to ${user}`,
  },
  {
    lint: "definer-view",
    name: "of EngineJS's reader, which asks nobody who he is",
    bad: `${reader}; alter table ${table} enable row level security; grant select on ${table} to enginejs_reader; set local role enginejs_reader;
      create view ${view} (reached) with (security_barrier) as select body from ${table}; grant select on ${view} to ${user};
      create view ${outer} with (security_barrier) as select * from ${table} where body = ${asker}(); grant select on ${outer} to ${user}; reset role`,
    finds: found("error", view, outer),
    good: `${reader}; alter table ${table} enable row level security; grant select on ${table} to enginejs_reader; set local role enginejs_reader;
      create view ${view} (reached) with (security_barrier) as select body from ${table} where body = ${asker}();
      grant select on ${view} to ${user}; reset role`,
  },
  {
    lint: "view-without-barrier",
    bad: `create view ${view} as select * from ${table} where body = 'public'; grant select on ${view} to ${user}`,
    finds: found("info", view),
    good: `create view ${view} with (security_barrier) as select * from ${table} where body = 'public'; grant select on ${view} to ${user};
      create view ${outer} as select * from ${table}; grant select on ${outer} to ${user}`,
  },
  {
    lint: "view-exposes-secret",
    bad: `create table ${schema}.people (id int, "passwordHash" text, name text); create view ${view} as select * from ${schema}.people;
      grant select on ${view} to ${user}`,
    finds: found("error", view),
    good: `create table ${schema}.people (id int, "passwordHash" text, name text); create view ${view} as select id, name from ${schema}.people;
      grant select on ${view} to ${user}; alter table ${schema}.people enable row level security;
      create view ${outer} with (security_invoker) as select * from ${schema}.people; grant select on ${outer} to ${user}`,
  },
  {
    lint: "sensitive-column-exposed",
    name: "without row level security",
    bad: `alter table ${table} add "api-key" text, add ssn text; grant select on ${table} to ${user}`,
    finds: found("error", `${table}."api-key"`, `${table}.ssn`),
    good: `alter table ${table} add "api-key" text, add tokens_used int, add card_color text; grant select (id, tokens_used, card_color) on ${table} to ${user}`,
  },
  {
    lint: "sensitive-column-exposed",
    name: "to the anonymous, with a policy",
    bad: `alter table ${table} add session_token text, enable row level security; create policy ${policy} on ${table} using (true);
      grant select (id, session_token) on ${table} to ${anonymous}`,
    finds: found("warn", `${table}.session_token`),
    good: `alter table ${table} add session_token text, enable row level security; grant select on ${table} to ${user}`,
  },
];
