/** What stands in a model's schema and in no model: left alone, and named at every build. */
import { databaseErrors } from "../errors/database-errors.ts";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { type CatalogFact, type CatalogFacts, objectOf } from "./catalog-facts.ts";

export interface ForeignObject {
  /** `policy app.invoice.everybody` */
  readonly object: string;
  /** It may open what the model closes. */
  readonly guarded: boolean;
}

/** Facts that come with another one, or that nobody reads by themselves. */
const silentKinds = new Set(["row security", "index of constraint", "trigger of constraint", "default"]);

/** Those of the facts that people should know of, in order. */
export function foreignObjects(foreign: Iterable<CatalogFact>, built: CatalogFacts): ForeignObject[] {
  const functions = new Set(
    [...built.values()].filter(({ kind }) => kind === "function").map(({ name }) => base(name)),
  );
  const found: ForeignObject[] = [];
  for (const fact of foreign) {
    if (silentKinds.has(fact.kind)) continue;
    const host = hostOf(fact);
    // What belongs to somebody's own table or function is said with that.
    if (host !== undefined && !built.has(host)) continue;
    const overloads = fact.kind === "function" && functions.has(base(fact.name));
    found.push({ object: objectOf(fact), guarded: overloads || fact.kind === "policy" || fact.kind === "trigger" });
  }
  return found.sort((a, b) => (a.object < b.object ? -1 : 1));
}

/** What of a schema was there before its first build. */
export const factsBeforeBuild = (now: CatalogFacts): CatalogFact[] =>
  [...now.values()].filter(({ kind, name }) => {
    if (kind === "schema" || kind === "role" || name.startsWith("enginejs.")) return false;
    if (kind !== "grant") return true;
    const { object, grantee } = grantOf(name);
    return !isModelGrantee(grantee) || !/^(schema|default privileges) |^function enginejs\./.test(object);
  });

/** Those facts that an earlier build called foreign, where its facts cannot be compared. */
export function factsOf(known: readonly ForeignObject[], now: CatalogFacts): CatalogFact[] {
  const names = new Set(known.map(({ object }) => object));
  return [...now.values()].filter((fact) => names.has(objectOf(fact)) || names.has(hostOf(fact) ?? ""));
}

/** One warning each, for as long as they are there. */
export function foreignWarnings(foreign: readonly ForeignObject[]): Diagnostic[] {
  return foreign
    .filter(({ guarded }) => guarded)
    .map(({ object }) => ({
      code: "EJS4034",
      severity: "warning",
      message: `The ${object} was added by hand and is in no model: it may open what the model closes.`,
      hint: databaseErrors.EJS4034.hint,
    }));
}

/** The object that a fact hangs on: of a policy its table. */
function hostOf({ kind, name }: CatalogFact): string | undefined {
  switch (kind) {
    case "column":
    case "default":
    case "constraint":
    case "policy":
    case "trigger":
    case "rule":
      return `table ${tableOf(name)}`;
    case "grant":
      return name.startsWith("on default privileges ") ? undefined : hostOfGrant(grantOf(name).object);
    default:
      return undefined;
  }
}

/** `app.invoice.tenancy` → `app.invoice` */
export const tableOf = (name: string): string => name.split(".").slice(0, 2).join(".");

/** `on table app.invoice to joe` → `table app.invoice`, `joe` */
export function grantOf(name: string): { readonly object: string; readonly grantee: string } {
  const [, object = "", grantee = ""] = /^on (.*?) to (.*)$/s.exec(name) ?? [];
  return { object, grantee };
}

/** The object that a right is about; of a column the table. */
export const hostOfGrant = (object: string): string => object.replace(/^column (.*)\.[^.]+$/, "table $1");

/** `app.pay_invoice(uuid)` → `app.pay_invoice` */
const base = (name: string): string => name.slice(0, name.indexOf("("));

/** The roles whose rights a build decides about. */
export const isModelGrantee = (grantee: string): boolean => grantee === "public" || grantee.startsWith("enginejs_");
