import { column, found, inSchema, type LintCase, longTable, quoteLiteral, schema, table } from "./lint-case.ts";

const key = `"Fo""reign $$ key"`;
const child = inSchema(`Chi"ld $$`);

export const structureCases: readonly LintCase[] = [
  {
    lint: "foreign-key-unindexed",
    bad: `alter table ${table} add constraint ${key} foreign key (${column}) references ${longTable}`,
    finds: found("info", `${table}.${key}`),
    good: `alter table ${table} add constraint ${key} foreign key (${column}) references ${longTable}; create index on ${table} (${column}, body)`,
  },
  {
    lint: "foreign-key-unindexed",
    name: "of several columns, in any order",
    bad: `alter table ${longTable} add unique (tenant_id, id);
      alter table ${table} add constraint ${key} foreign key (tenant_id, ${column}) references ${longTable} (tenant_id, id); create index on ${table} (tenant_id, id, ${column})`,
    finds: found("info", `${table}.${key}`),
    good: `alter table ${longTable} add unique (tenant_id, id);
      alter table ${table} add constraint ${key} foreign key (tenant_id, ${column}) references ${longTable} (tenant_id, id); create index on ${table} (${column}, tenant_id)`,
  },
  {
    lint: "no-primary-key",
    bad: `create table ${child} (id int not null unique)`,
    finds: found("info", child),
    good: `create table ${child} (id int primary key)`,
  },
  {
    lint: "no-primary-key",
    name: "and nothing that could be one",
    bad: `create table ${child} (name text)`,
    finds: found("info", child),
    good: `create table ${child} (id int primary key) partition by list (id); create table ${schema}.part partition of ${child} default`,
    wordsOnly: true,
  },
  {
    lint: "duplicate-index",
    bad: `create index "In""dex a" on ${table} (body, lower(body)) where body <> 'it''s'; create index "In""dex b" on ${table} (body, lower(body)) where body <> 'it''s';
      create unique index "Ü" on ${longTable} (id)`,
    finds: found("warn", table, longTable),
    good: `create index a on ${table} (body); create index b on ${table} (body desc); create index c on ${table} (lower(body)); create index d on ${table} (body) where body = 'a';
      create index e on ${table} using hash (body); create index f on ${table} (body) include (id); create index g on ${table} (body text_pattern_ops)`,
  },
  {
    lint: "foreign-key-across-tenants",
    bad: `alter table ${table} add constraint ${key} foreign key (${column}) references ${longTable} on delete set null deferrable initially deferred`,
    finds: found("warn", `${table}.${key}`),
    good: `alter table ${longTable} add unique (tenant_id, id);
      alter table ${table} add constraint ${key} foreign key (tenant_id, ${column}) references ${longTable} (tenant_id, id);
      create table ${schema}.tenant (id uuid primary key); alter table ${table} add foreign key (tenant_id) references ${schema}.tenant;
      create table ${schema}.country (id uuid primary key); alter table ${table} add country uuid references ${schema}.country`,
  },
  {
    lint: "extension-in-public",
    bad: "create extension hstore schema public",
    finds: found("warn", "hstore"),
    good: `create extension hstore schema ${schema}`,
  },
  {
    lint: "extension-outdated",
    bad: `create extension hstore schema ${schema} version '1.4'`,
    finds: found("warn", "hstore"),
    good: `create extension hstore schema ${schema}`,
  },
  {
    lint: "unsupported-reg-type",
    bad: `alter table ${table} add "re""g" regproc default ${quoteLiteral("now")}`,
    finds: found("warn", `${table}."re""g"`),
    good: `alter table ${table} add a regclass, add b regtype, add c regrole, add d text`,
  },
];
