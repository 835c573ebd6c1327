/** The functions of a model's approvals, for tests that record a build without applying one. */
import type pg from "pg";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { allNodes, type System } from "../../src/model/index.ts";

export async function buildApprovals(client: pg.ClientBase, system: System): Promise<void> {
  const asks = system.workflows.some((workflow) => [...allNodes(workflow)].some(({ kind }) => kind === "approval"));
  if (!asks) return;
  const statements = compile(system).statements.filter(({ object }) => /^function app\.may_decide_/.test(object));
  const create = statements.map(({ sql }) => sql.replace(/^create function/, "create or replace function"));
  await client.query(["begin", "set local role enginejs_reader", ...create, "commit"].join(";\n"));
}
