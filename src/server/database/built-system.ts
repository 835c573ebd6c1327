import type pg from "pg";
import { type System, system as systemSchema } from "../../model/index.ts";
import { serverError } from "../request-error.ts";

/** The model that the database holds: the server starts without model files. */
export interface BuiltSystem {
  readonly system: System;
  readonly hash: string;
}

/**
 * Reads the newest build.
 *
 * @throws EngineError EJS5050 where there is none, EJS5053 where it is not readable for this version
 */
export async function builtSystem(pool: pg.Pool): Promise<BuiltSystem> {
  const [row] = await currentBuild<{ ir: unknown; ir_hash: string }>(pool, "ir, ir_hash");
  if (row === undefined) throw noBuild();
  const parsed = systemSchema.safeParse(row.ir);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw serverError(
      "EJS5053",
      `The build in the database cannot be read: ${issue?.path.join(".")}: ${issue?.message}.`,
      parsed.error,
    );
  }
  return { system: parsed.data, hash: row.ir_hash };
}

/** The newest build's hash; cheap. Undefined where there is none. */
export async function buildHash(pool: pg.Pool): Promise<string | undefined> {
  const [row] = await currentBuild<{ ir_hash: string }>(pool, "ir_hash");
  return row?.ir_hash;
}

async function currentBuild<R extends pg.QueryResultRow>(
  pool: pg.Pool,
  columns: "ir, ir_hash" | "ir_hash",
): Promise<R[]> {
  try {
    return (await pool.query<R>(`select ${columns} from enginejs.current_build()`)).rows;
  } catch (error) {
    // No such schema or function: nothing of EngineJS was ever put into this database.
    if (["3F000", "42883"].includes((error as pg.DatabaseError).code ?? "")) throw noBuild(error);
    throw error;
  }
}

const noBuild = (cause?: unknown) => serverError("EJS5050", "The database holds no build.", cause);
