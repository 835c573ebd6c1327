/** A state of a database in which a lint must find something, and one in which it must not. */
import type { Level } from "../../../src/doctor/finding.ts";
import { quoteIdentifier, quoteLiteral } from "../../../src/sql-ast/quote.ts";

export interface LintCase {
  readonly lint: string;
  /** What is different from other cases of the lint. */
  readonly name?: string;
  /** SQL after `base`. */
  readonly bad: string;
  /** `warn app.invoice`, as the lint reports them beyond what it reports without `bad`. */
  readonly finds: readonly string[];
  /** SQL after `base`, instead of `bad`: nothing is found. */
  readonly good: string;
  /** Settings `enginejs_doctor.*`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The fix is words only. */
  readonly wordsOnly?: boolean;
  /** Why it cannot be tried on this server, undefined where it can. */
  readonly needs?: string;
}

/** Names that nobody should choose, as SQL spells them. */
export const schema = quoteIdentifier(`We"ird $$ 'Schema`);
export const table = `${schema}.${quoteIdentifier(`Ta"ble $tag$ \\ 'x%s`)}`;
/** 63 bytes, the longest that there is. */
export const longTable = `${schema}.${quoteIdentifier(`${"Ü".repeat(31)}x`)}`;
export const column = quoteIdentifier(`Co"l $1 'ümn`);
export const anonymous = quoteIdentifier(`we"b $$_anon`);
export const user = quoteIdentifier(`Us"er $$ 'Role`);
export const owner = quoteIdentifier(`Ow"ner`);
export const policy = quoteIdentifier(`Po"licy {brace} $$ 'p`);
export const otherPolicy = quoteIdentifier("another (one)");
export const inSchema = (name: string): string => `${schema}.${quoteIdentifier(name)}`;
export const found = (level: Level, ...objects: string[]): string[] => objects.map((object) => `${level} ${object}`);
export { quoteLiteral };

/** What every case begins with. */
export const base = `
  create role ${anonymous};
  create role ${user};
  create role ${owner};
  create schema ${schema};
  grant usage on schema ${schema} to ${anonymous}, ${user};
  create function ${schema}.uid() returns uuid language sql stable set search_path = '' as 'select null::uuid';
  revoke execute on function ${schema}.uid() from public;
  create table ${table} (id uuid primary key, ${column} uuid, tenant_id uuid, body text);
  create table ${longTable} (id uuid primary key, ${column} uuid, tenant_id uuid, body text);
`;

/** Row level security on, for cases about policies. */
export const secured = `
  alter table ${table} enable row level security;
  grant select, insert, update, delete on ${table} to ${user};
`;
