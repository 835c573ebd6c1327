/** What the catalogue says of a build, object by object; see `sql/functions/catalog_facts.sql`. */
import type pg from "pg";
import { coreText } from "./core-sql.ts";

export interface CatalogFact {
  /** `policy`, `column`, `grant`, … */
  readonly kind: string;
  /** `app.invoice.tenancy` */
  readonly name: string;
  /** Text where it is short by nature (a column's type, a constraint), else an md5. */
  readonly detail: string | null;
}

/** By kind and name: `policy app.invoice.tenancy`. */
export type CatalogFacts = ReadonlyMap<string, CatalogFact>;

/** As they are now. Needs enginejs_owner. */
export async function readFacts(client: pg.ClientBase, schema: string): Promise<CatalogFacts> {
  const { rows } = await client.query<CatalogFact>(coreText("queries/build_facts.sql"), [schema]);
  return new Map(rows.map((fact) => [objectOf(fact), fact]));
}

/** As the newest build has left them, without what was in no model. Needs enginejs_owner. */
export async function readBuiltFacts(client: pg.ClientBase): Promise<CatalogFacts> {
  const { rows } = await client.query<{ facts: Record<string, string | null> | null }>(
    "select facts from enginejs.build order by id desc limit 1",
  );
  return new Map(Object.entries(rows[0]?.facts ?? {}).map(([object, detail]) => [object, factOf(object, detail)]));
}

/** `policy app.invoice.tenancy` */
export const objectOf = ({ kind, name }: Pick<CatalogFact, "kind" | "name">): string => `${kind} ${name}`;

/** The kinds whose names are of several words; all others have one. */
const longKinds = ["row security", "index of constraint", "trigger of constraint", "default privileges"];

function factOf(object: string, detail: string | null): CatalogFact {
  const kind = longKinds.find((long) => object.startsWith(`${long} `)) ?? object.slice(0, object.indexOf(" "));
  return { kind, name: object.slice(kind.length + 1), detail };
}
