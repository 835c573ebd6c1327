/** What somebody has changed by hand since the last build, by name, and what puts it back. */
import type pg from "pg";
import { type CompiledSystem, type ExpectedObject, expectedObjects, type PlanStep } from "../dsl-to-sql/index.ts";
import { databaseErrors } from "../errors/database-errors.ts";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { coreText } from "./core-sql.ts";

export interface Drift {
  /** Dropped by hand; what a refresh puts back is among it. `policy app.invoice.tenancy` */
  readonly missing: readonly string[];
  /** In the schema, and in no model: left alone. */
  readonly unknown: readonly string[];
  /** Puts constraints back; the rows that came meanwhile may contradict them. */
  readonly repairs: readonly PlanStep[];
  /** What no build can put back. */
  readonly refusals: readonly Diagnostic[];
}

/**
 * Compares the objects of a schema with those that a build makes, by name, columns also by type. Changed policies, functions,
 * triggers and rights are no matter here: a refresh writes them anew.
 */
export async function findDrift(client: pg.ClientBase, built: CompiledSystem): Promise<Drift> {
  const { rows } = await client.query<{ kind: string; name: string; detail: string | null }>(
    coreText("queries/catalog_objects.sql"),
    [built.system.schema],
  );
  const found = new Map(rows.map(({ kind, name, detail }) => [`${kind} ${name}`, detail]));
  const schema = `${built.system.schema}.`;
  // A build also replaces a function of the core's own schema.
  const expected = expectedObjects(built).filter(({ object }) => object.split(" ")[1]?.startsWith(schema));
  const missing = expected.filter(({ object }) => !found.has(object));
  const lostTables = new Set(missing.filter(({ object }) => object.startsWith("table ")).map(({ object }) => object));
  const known = new Set(expected.map(({ object }) => object));
  return {
    missing: missing.map(({ object }) => object),
    unknown: [...found.keys()].filter((object) => !known.has(object)).sort(),
    repairs: missing.flatMap(repairOf),
    refusals: [
      // Of a table that is gone it is enough to say that.
      ...missing
        .filter(({ object, repair }) => repair === "impossible" && !lostTables.has(tableOfColumn(object)))
        .map(lost),
      ...expected.flatMap((object) => changed(object, found.get(object.object))),
    ],
  };
}

/** `column app.invoice.number` → `table app.invoice` */
const tableOfColumn = (object: string): string => object.replace(/^column (.*)\.[^.]+$/, "table $1");

function repairOf({ object, entity, repair }: ExpectedObject): PlanStep[] {
  if (typeof repair === "string") return [];
  return [
    {
      verb: "+",
      kind: "table",
      object,
      ...(entity !== undefined && { entity }),
      ...repair,
      lock: "access exclusive",
      transactional: true,
      hazards: ["blocks reads and writes"],
      quiet: false,
    },
  ];
}

const refusal = (message: string): Diagnostic => ({
  code: "EJS4033",
  severity: "error",
  message,
  hint: databaseErrors.EJS4033.hint,
});

const lost = ({ object }: ExpectedObject): Diagnostic => refusal(`The ${object} was dropped by hand.`);

function changed({ object, detail }: ExpectedObject, found: string | null | undefined): Diagnostic[] {
  if (detail === undefined || found === undefined || found === null || found === detail) return [];
  return [refusal(`The ${object} is "${found}" and was built as "${detail}": somebody changed it by hand.`)];
}
