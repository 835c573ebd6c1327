/**
 * Why the caller may not do what he was refused: named by the rules, where the row is one that he may read. Asked after the
 * failure, as the same actor and under the same policies, so that nothing is told that he could not have asked himself: a row
 * that he may not read answers as one that does not exist, by the same statements.
 */
import type { WithPgClient } from "postgraphile/@dataplan/pg";
import { type GraphQLError, type GraphQLSchema, getArgumentValues } from "postgraphile/graphql";
import { affordancesFunctionName } from "../../dsl-to-sql/index.ts";
import type { Entity } from "../../model/index.ts";
import {
  binary,
  call,
  column,
  table as fromTable,
  literal,
  type SqlExpression,
  select,
} from "../../sql-ast/expressions.ts";
import { printSelect } from "../../sql-ast/print-expression.ts";
import type { ActorSession } from "../database/actor-session.ts";
import { RequestError } from "../request-error.ts";
import { isDatabaseError, isPolicyViolation } from "./database-failure.ts";
import { innermost, meetsNoRow } from "./mask-error.ts";
import type { ModelFacts, MutationFacts } from "./model-facts.ts";

export interface DenialContext {
  readonly schema: GraphQLSchema;
  readonly model: ModelFacts;
  readonly session: ActorSession;
  readonly withPgClient: WithPgClient;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Undefined where there is nothing to add to what the failure itself says. Never rejects. */
export async function explainDenial(error: GraphQLError, context: DenialContext): Promise<RequestError | undefined> {
  const [node] = error.nodes ?? [];
  const name = node?.kind === "Field" ? node.name.value : undefined;
  const mutation = context.model.mutation(name);
  const field = name === undefined ? undefined : context.schema.getMutationType()?.getFields()[name];
  if (node?.kind !== "Field" || mutation === undefined || field === undefined) return undefined;
  const cause = innermost(error);
  const command = mutation.command;
  if (command === "create") return isPolicyViolation(cause) ? createDenial(cause.message, mutation) : undefined;
  if (command !== "update" && command !== "delete") return undefined;
  const violation = isPolicyViolation(cause);
  const missing = meetsNoRow(cause) || (isDatabaseError(cause) && cause.code === "EJ404");
  if (!violation && !missing) return undefined;
  try {
    const { input } = getArgumentValues(field, node, { ...context.variables }) as {
      readonly input?: { readonly id?: unknown; readonly patch?: unknown };
    };
    if (typeof input?.id !== "string") return undefined;
    const left = violation ? valuesOf(mutation.entity, input.patch) : undefined;
    const text = reasonStatement(context.model.schema, mutation.entity, command, input.id, left);
    const reason = await context.withPgClient(context.session as never, async (client) => {
      const { rows } = await client.query<{ reason: string | null }>({ text });
      return rows[0]?.reason;
    });
    return reason ? denial(reason) : undefined;
  } catch {
    // The failure itself is told then, as it would be without us.
    return undefined;
  }
}

/** A new row was refused: there is none to ask about, and its defaults are the database's. The refused policy says which kind of rule. */
function createDenial(message: string, { entity, rules, denials }: MutationFacts): RequestError {
  const what = `${entity.name}.create`;
  if (message.includes('"deny_insert"')) return denial(`${what} is denied: ${denials.join("; ")}`);
  return denial(`${what} is for: ${rules.join(", ") || "nobody"}`);
}

/** `Invoice.update is for: the owner or billing`: behind the first colon stand the sentences. */
function denial(reason: string): RequestError {
  const message = reason.charAt(0).toUpperCase() + reason.slice(1);
  const rule = reason.slice(reason.indexOf(": ") + 2);
  return new RequestError("EJS5031", 403, message, { extensions: reason.includes(": ") ? { rule } : {} });
}

/**
 * @param left what the update would have left behind, where that was refused
 * @example select can.update_reason as reason from app.invoice as t join app.invoice_can(t) as can on true where t.id = '…'
 */
function reasonStatement(
  schema: string,
  entity: Entity,
  command: "update" | "delete",
  id: string,
  left: Readonly<Record<string, unknown>> | undefined,
): string {
  const row = column(undefined, "_row");
  const asked: SqlExpression =
    left === undefined ? row : call("jsonb_populate_record", row, literal(JSON.stringify(left), "jsonb"));
  const reason = left === undefined ? `${command}_reason` : "leave_reason";
  const can = call({ schema, name: affordancesFunctionName(entity) }, asked);
  return printSelect(
    select({
      columns: [{ value: column("_can", reason), alias: "reason" }],
      from: fromTable({ schema, name: entity.table }, "_row"),
      joins: [{ type: "join", item: { kind: "function", call: can, alias: "_can" }, on: literal(true) }],
      where: binary("=", column("_row", entity.primaryKey.columns.at(-1) ?? "id"), literal(id, "uuid")),
    }),
  );
}

/** The patch by the names of columns; a bigint as its digits. */
function valuesOf(entity: Entity, patch: unknown): Readonly<Record<string, unknown>> {
  const given = (patch ?? {}) as Readonly<Record<string, unknown>>;
  const values = entity.fields.flatMap(({ name, type, storage }) => {
    const value = given[type.kind === "one" ? `${name}Id` : name];
    if (storage.kind !== "column" || value === undefined) return [];
    return [[storage.column, typeof value === "bigint" ? String(value) : value] as const];
  });
  return Object.fromEntries(values);
}
