/**
 * Every rule that speaks about a command, with its verdict and what it is made of: `app.explain_invoice(command, id)`,
 * for the actor that the settings name. `enginejs.explain` sets him, asks, and says what follows.
 *
 * A definer's function of enginejs_reader, which sees the true rows: for builders, never for actors.
 */
import { type Entity, objectName } from "../model/index.ts";
import { binary, call, column, literal, select } from "../sql-ast/expressions.ts";
import type { RowRules } from "./compile-row-rules.ts";
import { EntityExplanation } from "./entity-explanation.ts";
import { COLUMNS, LINES, unionAll } from "./explain-lines.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { tablesOf } from "./sql-usage.ts";
import type { StatementList } from "./statement-list.ts";

/** `explain_invoice` */
const explainFunctionName = ({ table }: Entity): string => objectName("explain", table);

export function compileExplain(entity: Entity, rules: RowRules, list: StatementList): void {
  const { model } = list;
  const table = model.table(entity);
  const name = model.name(explainFunctionName(entity));
  const reference = { type: "function", name, parameters: ["text", "uuid"] } as const;
  const explanation = new EntityExplanation(entity, rules, model, name.name);
  const body = explanation.select();
  const common = { entity: entity.name, source: entity.name, role: "enginejs_reader" } as const;
  const why = `every rule that speaks about a row of ${entity.name}, and its verdict`;
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [
        { name: "command", type: "text" },
        { name: "id", type: "uuid" },
      ],
      returns: { columns: COLUMNS },
      language: "sql",
      volatility: "stable",
      securityDefiner: true,
      settings: PINNED_SEARCH_PATH,
      body: { kind: "select", select: body },
    },
    {
      ...common,
      kind: "function",
      object: objectIdentity(reference),
      phase: "functions",
      dependsOn: [
        tableIdentity(table),
        ...tablesOf({ kind: "scalar-select", select: body }).map((read) => tableIdentity(model.name(read))),
        ...explanation.dependsOn(),
      ],
      why,
    },
  );
  addExecuteGrants(list, reference, ["enginejs_owner"], common);
  list.comment({ on: reference, text: [why], ...common });
}

/** `enginejs.explain_rules(entity, command, id)`: the entity's own function, found by its name. */
export function compileExplainRules(list: StatementList): void {
  const { model } = list;
  const name = { schema: "enginejs", name: "explain_rules" };
  const reference = { type: "function", name, parameters: ["text", "text", "uuid"] } as const;
  const selects = model.entities.map((entity) => {
    const fn = model.name(explainFunctionName(entity));
    const lines = call(fn, column(name.name, "command"), column(name.name, "id"));
    return select({
      columns: COLUMNS.map((c) => ({ value: column(LINES, c.name) })),
      from: { kind: "function", call: lines, alias: LINES },
      where: binary("=", column(name.name, "entity"), literal(entity.name)),
    });
  });
  const body = unionAll(selects);
  if (body === undefined) return;
  const functions = model.entities.map((entity) =>
    objectIdentity({ type: "function", name: model.name(explainFunctionName(entity)), parameters: ["text", "uuid"] }),
  );
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [
        { name: "entity", type: "text" },
        { name: "command", type: "text" },
        { name: "id", type: "uuid" },
      ],
      returns: { columns: COLUMNS },
      language: "sql",
      volatility: "stable",
      securityDefiner: true,
      settings: PINNED_SEARCH_PATH,
      body: { kind: "select", select: body },
    },
    {
      kind: "function",
      object: objectIdentity(reference),
      phase: "functions",
      role: "enginejs_reader",
      source: model.system.schema,
      dependsOn: functions,
      why: "the rules that speak about a row, of whichever entity it is",
    },
  );
}
