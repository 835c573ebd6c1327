/** The statements that the functions of actions are made of. */
import { type Action, type Entity, objectName, snakeCase } from "../model/index.ts";
import { binary, call, cast, column, inList, is, literal, type SqlExpression } from "../sql-ast/expressions.ts";
import type { PlpgsqlStatement } from "../sql-ast/plpgsql.ts";
import { fieldOf, storedColumn } from "./model-index.ts";
import { stateMachine } from "./state-machines.ts";

/** The parameter of an action's input: the row's own `id` comes first and keeps its name. */
export const inputParameter = (field: string): string => {
  const name = snakeCase(field);
  return objectName(name === "id" ? "input_id" : name);
};

/** For this transaction. The name is always a constant of this file: an actor's text never reaches it. */
export const setting = (name: string, value: SqlExpression): SqlExpression =>
  call("set_config", literal(name), value, literal(true));

/** `if … then raise …` */
export function refuseWhen(
  when: SqlExpression,
  sqlState: string,
  message: SqlExpression,
  options: { readonly column?: string; readonly detail?: unknown } = {},
): PlpgsqlStatement {
  const { column: name, detail } = options;
  return {
    kind: "if",
    branches: [
      {
        when,
        body: [
          {
            kind: "raise",
            sqlState,
            message,
            ...(detail === undefined ? {} : { detail: literal(JSON.stringify(detail)) }),
            ...(name === undefined ? {} : { column: name }),
          },
        ],
      },
    ],
  };
}

/** The state that the row has must be one that the action leads on from; the answer tells what that state allows. */
export function checkTransition(entity: Entity, action: Action, variable: string): PlpgsqlStatement[] {
  const { transition } = action;
  if (transition === undefined) return [];
  const state = column(variable, storedColumn(fieldOf(entity, transition.field)));
  const following = Object.fromEntries(stateMachine(entity, transition.field)?.transitions ?? []);
  const allowed = call(
    "coalesce",
    binary("->", literal(JSON.stringify(following), "jsonb"), state),
    literal("[]", "jsonb"),
  );
  const detail = call("jsonb_build_object", literal("from"), state, literal("allowed"), allowed);
  const from = inList(
    state,
    transition.from.map((name) => literal(name)),
  );
  const wanted = transition.from.map((name) => `"${name}"`).join(" or ");
  const message = call(
    "format",
    literal(
      `${entity.name}.${action.name} needs the state ${wanted}`.replaceAll("%", "%%").concat(', this one is "%s"'),
    ),
    state,
  );
  return [
    {
      kind: "if",
      branches: [
        {
          when: is(from, "not true"),
          body: [{ kind: "raise", sqlState: "EJ409", message, detail: cast(detail, "text") }],
        },
      ],
    },
  ];
}
