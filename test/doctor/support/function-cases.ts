import { anonymous, found, inSchema, type LintCase, owner, schema, table, user } from "./lint-case.ts";

const f = inSchema(`Fu"nc $$ 'tion`);
const sql = `language sql`;
const definer = `${sql} security definer set search_path = ''`;

export const functionCases: readonly LintCase[] = [
  {
    lint: "public-execute-definer",
    name: "of an owner above the rules",
    bad: `create function ${f}("In" text, b int) returns int ${definer} as 'select 1'; create procedure ${inSchema("Proc")}() ${definer} as 'select 1'`,
    finds: found("error", `${inSchema("Proc")}()`, `${f}("In" text, b integer)`),
    good: `create function ${f}("In" text) returns int ${definer} as 'select 1'; revoke execute on function ${f} from public;
      create function ${inSchema("Trig")}() returns trigger language plpgsql security definer set search_path = '' as 'begin return new; end'`,
  },
  {
    lint: "public-execute-definer",
    name: "of a plain owner, for everybody or by name",
    bad: `create function ${f}() returns int ${definer} as 'select 1'; alter function ${f} owner to ${owner};
      create function ${inSchema("Named")}() returns int ${definer} as 'select 1'; revoke execute on function ${inSchema("Named")} from public;
      grant execute on function ${inSchema("Named")} to ${anonymous}; alter function ${inSchema("Named")} owner to ${owner}`,
    finds: [...found("warn", `${f}()`), ...found("info", `${inSchema("Named")}()`)],
    good: `create function ${f}() returns int ${sql} as 'select 1'`,
  },
  {
    lint: "public-execute-definer",
    name: "of an owner whose tables are not forced",
    bad: `alter table ${table} owner to ${owner}; alter table ${table} enable row level security; create policy p on ${table} to ${user} using (false);
      create function ${f}() returns int ${definer} as 'select 1'; alter function ${f} owner to ${owner};
      revoke execute on function ${f} from public; grant execute on function ${f} to ${user}`,
    finds: found("warn", `${f}()`),
    good: "select 1",
  },
  {
    lint: "public-execute-volatile",
    bad: `create function ${f}(a int[]) returns int ${sql} volatile as 'select 1'; create procedure ${inSchema("Proc")}() ${sql} as 'select 1'`,
    finds: found("warn", `${inSchema("Proc")}()`, `${f}(a integer[])`),
    good: `create function ${f}() returns int ${sql} stable as 'select 1'; create function ${inSchema("G")}() returns int ${sql} as 'select 1';
      revoke execute on function ${inSchema("G")} from public; create schema closed; create function closed.f() returns int ${sql} as 'select 1'`,
  },
  {
    lint: "definer-search-path",
    bad: `create function ${f}("In" text) returns int ${sql} security definer as 'select 1';
      create function ${inSchema("Own")}() returns int ${sql} security definer as 'select 1'; revoke execute on function ${inSchema("Own")} from public`,
    finds: found("error", `${inSchema("Own")}()`, `${f}("In" text)`),
    good: `create function ${f}() returns int ${definer} as 'select 1'; create function ${inSchema("Body")}() returns int ${sql} security definer begin atomic select 1; end;
      create function ${inSchema("Caller")}() returns int ${sql} as 'select 1'`,
  },
  {
    lint: "definer-search-path",
    name: "with a schema that others write to",
    bad: `grant create on schema ${schema} to ${user}; create schema plain; grant create on schema plain to ${user};
      create function ${f}() returns int ${sql} security definer set search_path = pg_catalog, plain as 'select 1'; revoke execute on function ${f} from public`,
    finds: found("warn", `${f}()`),
    good: `create schema plain; create function ${f}() returns int ${sql} security definer set search_path = pg_catalog, plain as 'select 1'`,
    wordsOnly: true,
  },
  {
    lint: "function-search-path-mutable",
    bad: `create function ${f}("In" text) returns int ${sql} as 'select 1';
      create function ${inSchema("Trig")}() returns trigger language plpgsql as 'begin return new; end';
      create trigger "Tr""ig" before insert on ${table} for each row execute function ${inSchema("Trig")}()`,
    finds: [...found("warn", `${inSchema("Trig")}()`), ...found("info", `${f}("In" text)`)],
    good: `create function ${f}() returns int ${sql} set search_path = '' as 'select 1';
      create function ${inSchema("Body")}() returns int ${sql} begin atomic select 1; end`,
  },
  {
    lint: "definer-dynamic-sql",
    bad: `create function ${f}(t text) returns void language plpgsql security definer set search_path = '' as $f$
        begin execute 'delete from ' || t; end $f$;
      create function ${inSchema("Quoted")}(t text) returns void language plpgsql security definer set search_path = '' as $f$
        begin execute format('delete from %I', t); end $f$`,
    finds: [...found("warn", `${f}(t text)`), ...found("info", `${inSchema("Quoted")}(t text)`)],
    good: `create function ${f}(t text) returns void language plpgsql security definer set search_path = '' as $f$
        begin -- execute 'x' || t;
          perform 1; end $f$;
      create function ${inSchema("Mine")}(t text) returns void language plpgsql set search_path = '' as $f$ begin execute 'delete from ' || t; end $f$`,
    wordsOnly: true,
  },
  {
    lint: "set-config-reachable",
    bad: `create function ${f}(name text, value text) returns text ${definer} as $f$ select set_config(name, value, true) $f$;
      create function ${inSchema("Own")}(name text) returns text ${sql} as $f$ select pg_catalog.set_config ( name, '', true) $f$;
      revoke execute on function ${inSchema("Own")} from public; grant execute on function ${inSchema("Own")} to ${user}`,
    finds: [...found("error", `${f}(name text, value text)`), ...found("warn", `${inSchema("Own")}(name text)`)],
    good: `create function ${f}(value text) returns text ${definer} as $f$ select set_config('app.locale', value, true) $f$`,
  },
  {
    lint: "untrusted-language",
    bad: `create function ${f}(oid) returns void language c as '$libdir/plpgsql', 'plpgsql_validator'`,
    finds: found("warn", `${f}(oid)`),
    good: `create function ${f}(oid) returns void language c as '$libdir/plpgsql', 'plpgsql_validator'; revoke execute on function ${f} from public`,
  },
];
