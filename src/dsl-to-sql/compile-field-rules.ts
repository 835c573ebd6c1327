/**
 * Write rules of fields that are columns: the row trigger `12_field_rules`.
 * Policies speak of whole rows; who may give one column another value, only a
 * trigger can ask. It asks as the actor himself, of the row as it was and of
 * the row as it will be.
 */
import { type Entity, type Field, objectName } from "../model/index.ts";
import { and, binary, call, column, is, literal, not, or, type SqlExpression } from "../sql-ast/expressions.ts";
import type { PlpgsqlStatement } from "../sql-ast/plpgsql.ts";
import { compileDefault } from "./compile-default.ts";
import type { PolicyParts } from "./compile-rules.ts";
import { triggerAdder } from "./compile-triggers.ts";
import { rowEnvironment } from "./environments.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { sortedBy, storedColumn } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { replaceColumns } from "./sql-usage.ts";

export function compileFieldRules(entity: Entity, parts: PolicyParts): void {
  const ruled = sortedBy(
    entity.fields.filter((field) => field.storage.kind === "column" && field.access?.write !== undefined),
    storedColumn,
  );
  if (ruled.length === 0) return;
  const { list } = parts;
  const { model } = list;
  const dependsOn = new Set<string>();
  const checks = ruled.map((field) => checkField(entity, field, parts, dependsOn));
  const name = model.name(objectName("check", entity.table, "fields"));
  const reference = { type: "function", name, parameters: [] } as const;
  const id = objectIdentity(reference);
  const why = `who may give a value: ${ruled.map((field) => `${field.name}: ${field.access?.write?.name}`).join("; ")}`;
  const common = { entity: entity.name, source: entity.name, role: "enginejs_reader" } as const;
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [],
      returns: "trigger",
      language: "plpgsql",
      volatility: "volatile",
      // As whoever writes: the same helper functions as in policies answer him.
      securityDefiner: false,
      settings: PINNED_SEARCH_PATH,
      body: {
        kind: "block",
        block: {
          kind: "block",
          declarations: [],
          statements: [
            { kind: "if", branches: [{ when: not(passes), body: checks }] },
            { kind: "return", value: column(undefined, "new") },
          ],
        },
      },
    },
    {
      ...common,
      kind: "function",
      object: id,
      phase: "functions",
      hazards: ["changes authorization"],
      dependsOn: [tableIdentity(model.table(entity)), ...[...dependsOn].sort()],
      why,
    },
  );
  addExecuteGrants(list, reference, ["enginejs_owner"], common);
  list.comment({ on: reference, text: [why], ...common });
  triggerAdder(entity, model.table(entity), list)(
    {
      name: "12_field_rules",
      timing: "before",
      events: [{ event: "insert" }, { event: "update", of: ruled.map(storedColumn) }],
      level: "row",
      function: name,
      arguments: [],
    },
    why,
    { dependsOn: [id, `grant on ${id}`] },
  );
}

const uses = (role: string): SqlExpression =>
  call({ schema: "pg_catalog", name: "pg_has_role" }, literal(role), literal("usage"));

/** Those whom the standing policies let pass, rights that are inherited included; an action function is not among them. */
const passes = or(uses("enginejs_owner"), uses("enginejs_system"));

function checkField(
  entity: Entity,
  field: Field,
  { list, expressions, conditions }: PolicyParts,
  dependsOn: Set<string>,
): PlpgsqlStatement {
  const source = `${entity.name}.fields.${field.name}`;
  const name = storedColumn(field);
  const { name: sentence = "", expression: text = "false" } = field.access?.write ?? {};
  const core = expressions.condition(text, rowEnvironment(list.model, entity, entity.table), source);
  const compiled = core && conditions.compile({ core, entity, purpose: "policy", text, sentence, source });
  for (const id of compiled?.dependsOn ?? []) dependsOn.add(id);
  const condition = compiled?.sql ?? literal(false);
  const of = (row: "old" | "new"): SqlExpression => replaceColumns(condition, entity.table, (c) => column(row, c));
  const otherwise = compileDefault(field, source, expressions) ?? literal(null);
  const isInsert = binary("=", column(undefined, "tg_op"), literal("INSERT"));
  const raise: PlpgsqlStatement = {
    kind: "raise",
    sqlState: "42501",
    message: literal(`${entity.name}.${field.name} is for: ${sentence}`),
    detail: literal(JSON.stringify({ field: field.name, rule: sentence })),
    column: name,
  };
  return {
    kind: "if",
    branches: [
      {
        when: isInsert,
        body: [
          {
            kind: "if",
            branches: [
              {
                when: and(binary("is distinct from", column("new", name), otherwise), is(of("new"), "not true")),
                body: [raise],
              },
            ],
          },
        ],
      },
      {
        when: and(
          binary("is distinct from", column("old", name), column("new", name)),
          is(and(of("old"), of("new")), "not true"),
        ),
        body: [raise],
      },
    ],
  };
}
