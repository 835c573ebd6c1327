/** The model that the database holds, as the worker needs it. */
import type pg from "pg";
import type { Catalog } from "../expression/index.ts";
import { catalogOf, type System, system } from "../model/index.ts";

export interface Build {
  /** Of enginejs.build: grows with each build. */
  readonly id: string;
  readonly system: System;
  readonly catalog: Catalog;
  /** The names of its workflows. */
  readonly workflows: ReadonlySet<string>;
}

/** The newest build, or what is known already where that is the newest; undefined where there is none. */
export async function currentBuild(pool: pg.Pool, known?: Build): Promise<Build | undefined> {
  const { rows } = await pool
    .query<{ id: string; ir: unknown }>(
      "select id, case when id is distinct from $1 then ir end as ir from enginejs.current_build()",
      [known?.id ?? null],
    )
    .catch((error: pg.DatabaseError) => {
      // No such schema or function: nothing of EngineJS was ever put into this database.
      if (known === undefined && ["3F000", "42883"].includes(error.code ?? "")) return { rows: [] };
      throw error;
    });
  const [row] = rows;
  if (row === undefined || row.id === known?.id) return row && known;
  const model = system.parse(row.ir);
  const workflows = new Set(model.workflows.map(({ name }) => name));
  return { id: row.id, system: model, catalog: catalogOf(model), workflows };
}
