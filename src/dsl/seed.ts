import { collect } from "./collection.ts";
import { declared } from "./declared.ts";
import { captureSite, type Site } from "./site.ts";
import type { Log, Query } from "./task.ts";

/** What a seed gets. Its statements run as the owner of the tables, all in one transaction. */
export interface SeedContext {
  readonly query: Query;
  readonly log: Log;
}

export type SeedRun = (context: SeedContext) => Promise<void>;

/** Somebody whom the seed makes: `enginejs dev` prints a token for each, `enginejs token --as LABEL` makes one. */
export interface SeedPerson {
  /** One word: `biller`. */
  readonly label: string;
  /** The user's id. */
  readonly user: string;
  /** The tenant that the token is for; may be left out where there is no tenancy. */
  readonly tenant?: string;
  /** What the person can show: "may have invoices paid". */
  readonly describe?: string;
}

export interface SeedDeclaration {
  readonly kind: "seed";
  readonly site: Site | undefined;
  readonly people: readonly SeedPerson[];
  readonly run: SeedRun;
}

/** A seed, as its file exports it. */
export interface Seed {
  readonly people: readonly SeedPerson[];
  readonly run: SeedRun;
}

/**
 * Defines the demo data of a project: what `enginejs seed` writes. Make it repeatable (`on conflict do nothing`).
 *
 * @example
 * export default defineSeed({
 *   people: [{ label: "ada", user: ada, tenant: acme }],
 *   async run({ query }) {
 *     await query("insert into app.tenant (id, name) values ($1, $2) on conflict do nothing", [acme, "Acme"]);
 *   },
 * });
 */
export function defineSeed(seed: SeedRun | { readonly people?: readonly SeedPerson[]; readonly run: SeedRun }): Seed {
  const { people = [], run } = typeof seed === "function" ? { run: seed } : seed;
  const declaration: SeedDeclaration = { kind: "seed", site: captureSite(), people, run };
  collect("seeds", declaration);
  return declared<SeedDeclaration, Seed>(declaration, { people, run });
}
