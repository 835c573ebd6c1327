/** Asks before a first build whether something of the same name stands in its way. */
import type pg from "pg";
import type { CompiledSystem } from "../dsl-to-sql/index.ts";
import { databaseErrors } from "../errors/database-errors.ts";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { isMarked } from "./apply-chunks.ts";
import { coreText } from "./core-sql.ts";
import { databaseError } from "./database-error.ts";

/** @throws EngineError with everything in the schema that has the name of a table, view or index to come */
export async function requireFreeNames(client: pg.ClientBase, { system, statements }: CompiledSystem): Promise<void> {
  const { schema } = system;
  await isSchemaThere(client, schema);
  // What a build that was cut off has left is cleared away by this one.
  if (await isMarked(client, schema)) return;
  const names = statements.flatMap(({ node }): string[] => {
    switch (node.kind) {
      case "create table":
        return [
          node.table.name,
          ...node.constraints.flatMap(({ kind, name }) => (kind === "primary key" || kind === "unique" ? [name] : [])),
        ];
      case "create index":
        return [node.name];
      case "create view":
        return [node.view.name];
      default:
        return [];
    }
  });
  const { rows } = await client.query<{ kind: string; name: string; owner: string }>(
    coreText("queries/taken_names.sql"),
    [schema, names],
  );
  if (rows.length === 0) return;
  throw new EngineError(
    rows.map(
      ({ kind, name, owner }): Diagnostic => ({
        code: "EJS4036",
        severity: "error",
        message: `The ${kind} ${schema}.${name} is there already and belongs to "${owner}". Nothing was applied.`,
        hint: databaseErrors.EJS4036.hint,
      }),
    ),
  );
}

/**
 * Whether the model's schema is there and may be built into. `create schema if not exists` would ask for CREATE on the
 * database even where it is.
 *
 * @throws EJS4030 where it is somebody else's
 */
export async function isSchemaThere(client: pg.ClientBase, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ owner: string }>(
    "select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = $1",
    [schema],
  );
  const [found] = rows;
  if (found === undefined) return false;
  if (found.owner !== "enginejs_owner") {
    throw databaseError("EJS4030", `The schema "${schema}" is there already and belongs to "${found.owner}".`, {
      hint: `Run: alter schema "${schema}" owner to enginejs_owner. Or choose another schema in the config.`,
    });
  }
  return true;
}
