/**
 * What somebody has changed by hand since the last build, object by object, and what becomes of it:
 *
 * - a build puts back: policies, triggers, functions, views, rights, row security, indexes, constraints that are missing;
 * - nobody's guess would do: columns and their defaults, changed constraints, tables. Named, with the SQL that mends
 *   it where that is one statement; nothing is applied until it is mended;
 * - in no model: left alone, and named at every build.
 */
import { type CompiledSystem, constraintRepairs, indexDrops, type PlanStep } from "../dsl-to-sql/index.ts";
import { databaseErrors } from "../errors/database-errors.ts";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { type CatalogFact, type CatalogFacts, objectOf } from "./catalog-facts.ts";
import {
  type ForeignObject,
  foreignObjects,
  grantOf,
  hostOfGrant,
  isModelGrantee,
  tableOf,
} from "./foreign-objects.ts";
import { mendingOf } from "./mending.ts";

export interface Drift {
  /** Dropped by hand and put back. `policy app.invoice.tenancy` */
  readonly missing: readonly string[];
  /** Changed by hand and put back. */
  readonly changed: readonly string[];
  /** In the schema, and in no model. */
  readonly foreign: readonly ForeignObject[];
  /** Puts constraints back, which the rows that came meanwhile may contradict; drops indexes that are made anew. */
  readonly repairs: readonly PlanStep[];
  /** What no build puts back. */
  readonly refusals: readonly Diagnostic[];
}

/** Written anew by a refresh, see `PlanOptions.refresh`. */
const refreshed = new Set(["policy", "trigger", "function", "view", "row security", "index"]);

const isRefreshed = ({ kind, name }: CatalogFact): boolean =>
  refreshed.has(kind) || (kind === "grant" && !name.startsWith("on default privileges "));

/**
 * @param built what the last build left; @param now what the catalogue says
 * @param compiled the last build, compiled anew
 */
export function findDrift(built: CatalogFacts, now: CatalogFacts, compiled: CompiledSystem): Drift {
  const constraints = constraintRepairs(compiled);
  const drops = indexDrops(compiled);
  const missing: string[] = [];
  const changed: string[] = [];
  const repairs: PlanStep[] = [];
  const refusals: Diagnostic[] = [];
  for (const { was, is } of differences(built, now)) {
    const object = objectOf(was);
    const repair = is === undefined ? constraints.get(object) : drops.get(object);
    if (repair !== undefined) repairs.push(repair);
    if (!isRefreshed(was) && repair === undefined) refusals.push(refusalOf(was, is));
    else if (is === undefined) missing.push(object);
    else changed.push(object);
  }
  const foreign: CatalogFact[] = [];
  for (const fact of added(built, now)) {
    if (isIntrusion(fact, built)) refusals.push(refusalOf(undefined, fact));
    else if (isModelRight(fact, built)) changed.push(objectOf(fact));
    else foreign.push(fact);
  }
  return { missing, changed, foreign: foreignObjects(foreign, built), repairs, refusals };
}

/** The facts of nobody's model. */
export const foreignFacts = (built: CatalogFacts, now: CatalogFacts): CatalogFact[] =>
  added(built, now).filter((fact) => !isModelRight(fact, built));

/** What still differs after everything was put back: as refusals. */
export function remainingDrift(built: CatalogFacts, now: CatalogFacts): Diagnostic[] {
  const rights = added(built, now).filter((fact) => isModelRight(fact, built));
  return [
    ...differences(built, now).map(({ was, is }) => refusalOf(was, is)),
    ...rights.map((fact) => refusalOf(undefined, fact)),
  ];
}

/** A right that is the model's to give, and that it does not. */
function isModelRight({ kind, name }: CatalogFact, built: CatalogFacts): boolean {
  if (kind !== "grant") return false;
  const { object, grantee } = grantOf(name);
  return isModelGrantee(grantee) && built.has(hostOfGrant(object));
}

interface Difference {
  readonly was: CatalogFact;
  readonly is: CatalogFact | undefined;
}

/** What was built and is now otherwise or gone, without what only follows from another difference. */
function differences(built: CatalogFacts, now: CatalogFacts): Difference[] {
  const all: Difference[] = [];
  for (const [object, was] of built) {
    const is = now.get(object);
    if (is === undefined || is.detail !== was.detail) all.push({ was, is });
  }
  const differs = new Set(all.map(({ was }) => objectOf(was)));
  const gone = new Set(all.filter(({ is }) => is === undefined).map(({ was }) => objectOf(was)));
  return all.filter(({ was: { kind, name } }) => {
    if (kind !== "table" && gone.has(`table ${tableOf(name)}`)) return false;
    switch (kind) {
      case "column":
        return !gone.has(`view ${tableOf(name)}`);
      case "default":
        return !gone.has(`column ${name}`);
      case "index of constraint":
        return ![...differs].some((object) => object.startsWith("constraint ") && lastOf(object) === lastOf(name));
      case "trigger of constraint":
        return ![...differs].some(
          (object) => object.startsWith("constraint ") && lastOf(object) === constraintOf(name),
        );
      default:
        return true;
    }
  });
}

const lastOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

/** `app.invoice.invoice_owner_id_fkey/"RI_FKey_check_ins"` → `invoice_owner_id_fkey` */
const constraintOf = (name: string): string => lastOf(name.slice(0, name.lastIndexOf("/")));

const added = (built: CatalogFacts, now: CatalogFacts): CatalogFact[] =>
  [...now.values()].filter((fact) => !built.has(objectOf(fact)));

/** Changes what a table of the model does, without being an object that could be left alone. */
function isIntrusion({ kind, name }: CatalogFact, built: CatalogFacts): boolean {
  if (kind === "grant") return name.startsWith("on default privileges enginejs_");
  if (kind === "default") return built.has(`column ${name}`);
  // Nothing takes a column out of a view: it has to be made anew, with what asks it.
  if (kind === "column") return built.has(`view ${tableOf(name)}`);
  return kind === "rule" && built.has(`table ${tableOf(name)}`);
}

function refusalOf(was: CatalogFact | undefined, is: CatalogFact | undefined): Diagnostic {
  const mending = mendingOf(was, is);
  return {
    code: "EJS4033",
    severity: "error",
    message: changeOf(was, is),
    hint: mending === undefined ? databaseErrors.EJS4033.hint : `Run: ${mending}`,
  };
}

function changeOf(was: CatalogFact | undefined, is: CatalogFact | undefined): string {
  if (was === undefined) return `The ${is === undefined ? "object" : nameOf(is)} was added by hand.`;
  if (is === undefined) return `The ${nameOf(was)} was dropped by hand.`;
  if (was.detail === null || /^[0-9a-f]{32}$/.test(was.detail)) return `The ${nameOf(was)} was changed by hand.`;
  return `The ${nameOf(was)} is "${is.detail}" and was built as "${was.detail}": somebody changed it by hand.`;
}

const nameOf = (fact: CatalogFact): string => (fact.kind === "default" ? `default of ${fact.name}` : objectOf(fact));
