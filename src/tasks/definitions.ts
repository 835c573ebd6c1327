/** Definitions of workflows by id: those of the newest build and those that older runs started with. */
import type pg from "pg";
import { type Workflow, workflow } from "../model/index.ts";
import { type PreparedGraph, prepareGraph } from "./prepared-graph.ts";

export interface Definition {
  readonly id: number;
  readonly workflow: Workflow;
  readonly graph: PreparedGraph;
}

export class Definitions {
  private readonly pool: pg.Pool;
  private readonly known = new Map<number, Definition>();

  constructor(pool: pg.Pool) {
    this.pool = pool;
  }

  /** The workflow's name, of a definition that was read before. */
  nameOf(id: number): string | undefined {
    return this.known.get(id)?.workflow.name;
  }

  /** A definition never changes, so each is read once. */
  async get(id: number): Promise<Definition> {
    const found = this.known.get(id);
    if (found !== undefined) return found;
    const { rows } = await this.pool.query<{ definition: unknown }>(
      "select definition from enginejs.workflow_definitions where id = $1",
      [id],
    );
    const parsed = workflow.parse(rows[0]?.definition);
    const definition = { id, workflow: parsed, graph: prepareGraph(parsed.name, parsed) };
    this.known.set(id, definition);
    return definition;
  }
}
