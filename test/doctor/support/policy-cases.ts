import {
  column,
  found,
  type LintCase,
  longTable,
  otherPolicy,
  owner,
  policy,
  schema,
  secured,
  table,
  user,
} from "./lint-case.ts";

const named = `${table}.${policy}`;
const on = (body: string, name = policy): string => `create policy ${name} on ${table} ${body};`;
const uid = `${schema}.uid()`;

export const policyCases: readonly LintCase[] = [
  ...[
    `for insert to ${user} with check (true)`,
    `for update to ${user} using (true)`,
    `for update to ${user} using (body = 'x') with check (1 = 1)`,
    `for delete to ${user} using (('a'::text = 'a'::text))`,
    `to ${user} using ((select true))`,
  ].map(
    (body): LintCase => ({
      lint: "policy-always-true",
      name: body.replace(user, "…"),
      bad: secured + on(body),
      finds: found("warn", named),
      good: `${secured}${on(`for select to ${user} using (true)`)}${on(`for update to ${user} using (true) with check (body = 'x')`, otherPolicy)}
        create policy restrict on ${table} as restrictive for delete to ${user} using (true); create policy owned on ${table} to ${owner} using (body = 'true')`,
      wordsOnly: true,
    }),
  ),
  {
    lint: "policy-always-true",
    name: "for everybody",
    bad: secured + on("for delete using (true)"),
    finds: found("error", named),
    good: secured + on("for delete using (body is null)"),
    wordsOnly: true,
  },
  {
    lint: "policy-to-public",
    bad: `${secured}${on("using (body = 'x')")}${on("for select using (body = 'x')", otherPolicy)}`,
    finds: [...found("warn", named), ...found("info", `${table}.${otherPolicy}`)],
    good: secured + on(`to ${user} using (body = 'x')`),
  },
  {
    lint: "policy-user-editable-claim",
    bad: `${secured}${on(`to ${user} using (current_setting('request.jwt.claims', true)::jsonb -> 'user_metadata' ->> 'role' = 'ad''min')
      with check (body = 'it''s' and (current_setting('request.jwt.claims', true)::jsonb #>> '{user_metadata,role}') is null)`)}`,
    finds: found("error", named),
    good:
      secured +
      on(
        `to ${user} using (current_setting('request.jwt.claims', true)::jsonb -> 'app_metadata' ->> 'role' = 'admin')`,
      ),
  },
  {
    lint: "policy-check-missing",
    bad: `${secured}${on(`for update to ${user} using (body = 'it''s \\ $$ a "draft"')`)}${on(`to ${user} using (${column} = ${uid})`, otherPolicy)}`,
    finds: found("info", named, `${table}.${otherPolicy}`),
    good: `${secured}${on(`for update to ${user} using (body = 'x') with check (body = 'y')`)}${on(`for delete to ${user} using (body = 'x')`, otherPolicy)}`,
  },
  {
    lint: "policy-check-weaker",
    bad: secured + on(`for update to ${user} using (${column} = (select ${uid})) with check (body <> 'it''s')`),
    finds: found("warn", named),
    good: `${secured}${on(`for update to ${user} using (${column} = (select ${uid})) with check (${column} = (select ${uid}) and body <> '')`)}
      ${on(`for update to ${user} using (body = 'draft') with check (body in ('draft', 'sent'))`, otherPolicy)}`,
  },
  {
    lint: "policy-check-weaker",
    name: "unless the column cannot be written, or another policy asks for it",
    bad: `${secured}${on(`for update to ${user} using ((select ${uid}) = ${column}) with check (body is null)`)}`,
    finds: found("warn", named),
    good: `alter table ${table} enable row level security; grant update (body) on ${table} to ${user};
      ${on(`for update to ${user} using (${column} = (select ${uid})) with check (body is null)`)}
      alter table ${longTable} enable row level security; grant update on ${longTable} to ${user};
      create policy a on ${longTable} for update to ${user} using (tenant_id = (select ${uid})) with check (body is null);
      create policy b on ${longTable} as restrictive to ${user} using (tenant_id = (select ${uid}))`,
  },
  {
    lint: "policy-column-unindexed",
    bad: secured + on(`for select to ${user} using (${uid} = ${column} or tenant_id = any (array[${uid}]))`),
    finds: found("warn", named, named),
    good: `${secured}create index on ${table} (${column}); create index on ${table} (tenant_id, ${column});
      ${on(`for select to ${user} using (${column} = (select ${uid}) or tenant_id = ${uid})`)}
      ${on(`for insert to ${user} with check (body = current_setting('x'))`, otherPolicy)}
      create policy quiet on ${table} for select to ${user} using (body = 'constant' or exists (select from ${longTable} o where o.body = current_user))`,
  },
  {
    lint: "policy-column-unindexed",
    name: "another condition is served by an index",
    bad: `${secured}create index on ${table} (tenant_id); ${on(`for select to ${user} using (${column} = (select ${uid}))`)}
      create policy tenancy on ${table} as restrictive to ${user} using (tenant_id = (select ${uid}))`,
    finds: found("info", named),
    good: `${secured}create index on ${table} (tenant_id, ${column}); ${on(`for select to ${user} using (${column} = (select ${uid}))`)}
      create policy tenancy on ${table} as restrictive to ${user} using (tenant_id = (select ${uid}))`,
  },
  ...[
    `using (${column} = ${uid})`,
    `using (${column} = (current_setting('app.it''s (odd', true))::uuid)`,
    `with check (tenant_id = ${uid} and body = current_setting('x'))`,
    `using (exists (select from ${longTable} m where m.tenant_id = ${table}.tenant_id and m.${column} = ${uid}))`,
    `using (${column} = coalesce(${uid}, ${uid}) and id in (select m.id from ${longTable} m where m.body = current_setting('a') and (select ${uid}) is null))`,
  ].map(
    (body): LintCase => ({
      lint: "policy-function-per-row",
      name: body.replaceAll(schema, "…").replaceAll(longTable, "…").replaceAll(table, "…"),
      bad: secured + on(`${body.startsWith("with") ? "for insert " : ""}to ${user} ${body}`),
      finds: found("warn", named),
      good: `${secured}${on(`to ${user} using (${column} = (select ${uid}) and tenant_id = (select (current_setting('x', true)::jsonb ->> 'tenant')::uuid)
        and body = lower(body) and tenant_id in (select ${uid}) and exists (select from unnest(array[${uid}]) u where u = id)
        and exists (select from ${uid} u where u = id)
        and id = any (array(select ${uid})))`)}`,
    }),
  ),
  {
    lint: "multiple-permissive-policies",
    bad: `${secured}${on(`for select to ${user} using (body = 'it''s')`)}${on(`for select to ${user} using (${column} = ${uid})`, otherPolicy)}`,
    finds: found("warn", table),
    good: `${secured}${on(`for select to ${user} using (body = 'x')`)}${on(`for insert to ${user} with check (body = 'x')`, otherPolicy)}
      create policy restrict on ${table} as restrictive to ${user} using (body = 'x'); create policy other on ${table} for select to ${owner} using (true)`,
  },
  {
    lint: "multiple-permissive-policies",
    name: "with checks",
    bad: `${secured}${on(`to ${user} using (body = 'a')`)}${on(`to ${user} using (body = 'b') with check (body = 'c')`, otherPolicy)}`,
    finds: found("warn", table),
    good: secured + on(`to ${user} using (body = 'a' or body = 'b')`),
  },
  {
    lint: "multiple-permissive-policies",
    name: "of different commands, and for everybody",
    bad: `${secured}${on(`for update to ${user} using (body = 'a')`)}${on("using (body = 'b')", otherPolicy)}`,
    finds: found("warn", table),
    good: secured,
    wordsOnly: true,
  },
  {
    lint: "index-not-leakproof",
    bad: `${secured}${on(`to ${user} using (body = 'a')`)} create type ${schema}."Mo""od" as enum ('a'); alter table ${table} add mood ${schema}."Mo""od", add price numeric;
      create index "In""dex" on ${table} (mood); create index prices on ${table} (price, body)`,
    finds: found("info", `${schema}."In""dex"`, `${schema}.prices`),
    good: `${secured}${on(`to ${user} using (body = 'a')`)} alter table ${table} add price bigint; create index on ${table} (price); create index on ${table} (body);
      alter table ${longTable} add price numeric; create index on ${longTable} (price)`,
    wordsOnly: true,
  },
];
