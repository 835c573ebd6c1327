/** What of a statement can be changed in place, and what goes with it. */
import { call, literal, type QualifiedName } from "../sql-ast/expressions.ts";
import type { CreatePolicyNode, CreateTriggerNode, ObjectReference, StatementNode } from "../sql-ast/statements.ts";
import { same } from "./model-change.ts";
import type { Statement } from "./statement.ts";

/** Puts a function away that runs of older definitions still ask, until none is left that could. */
export const retirement = ({ schema, name }: QualifiedName, workflow: string): StatementNode => ({
  kind: "call function",
  call: call(
    { schema: "enginejs", name: "workflow_retire_rule" },
    literal(schema ?? "public"),
    literal(name),
    literal(workflow),
  ),
});

/** What disappears with the object that it is about. */
export const isAttachment = ({ kind }: Statement): boolean =>
  kind === "comment" || kind === "grant" || kind === "revoke";

/** `alter policy` changes roles and expressions, and neither the command nor whether there is an expression at all. */
export const isAlterable = (before: CreatePolicyNode, after: CreatePolicyNode): boolean =>
  before.command === after.command &&
  before.restrictive === after.restrictive &&
  (before.using === undefined) === (after.using === undefined) &&
  (before.withCheck === undefined) === (after.withCheck === undefined);

/** `create or replace function` keeps what it returns and the names of its parameters, and takes away no default. */
export function isReplaceable(
  before: Extract<StatementNode, { kind: "create function" }>,
  after: Extract<StatementNode, { kind: "create function" }>,
): boolean {
  return (
    same(before.returns, after.returns) &&
    before.parameters.length === after.parameters.length &&
    before.parameters.every((parameter, i) => {
      const other = after.parameters[i];
      return parameter.name === other?.name && (parameter.default === undefined || other.default !== undefined);
    })
  );
}

/** What a statement makes that goes by a name of its table's. */
export const partOfTable = ({ kind, table, name }: CreatePolicyNode | CreateTriggerNode): ObjectReference => ({
  type: kind === "create policy" ? "policy" : "trigger",
  table,
  name,
});

/** The table that a statement is about, where it is about one: `app.invoice`. */
export function objectTable({ node }: Statement): string | undefined {
  if ("table" in node && typeof node.table === "object") return `${node.table.schema}.${node.table.name}`;
  if ("on" in node && node.on.type === "table") return `${node.on.name.schema}.${node.on.name.name}`;
  if ("on" in node && "table" in node.on) return `${node.on.table.schema}.${node.on.table.name}`;
  return undefined;
}
