/** One question to both sides: a statement of an actor, about one entity. */
import {
  type ActorView,
  type Authorization,
  decideAction,
  decideDelete,
  decideFieldUpdate,
  decideInsert,
  decideUpdate,
  decideUpsert,
  mayReadField,
  type Outcome,
  type StoredRow,
} from "../authorization/index.ts";
import type { Value } from "../expression/index.ts";
import type { Entity, Field } from "../model/index.ts";

type Values = Readonly<Record<string, Value>>;

export type Case = { readonly entity: string } & (
  | { readonly command: "select" }
  /** Values of a field in a side table. */
  | { readonly command: "select field"; readonly field: string }
  | { readonly command: "update field"; readonly field: string; readonly id: string; readonly value: Value }
  | { readonly command: "insert"; readonly values: Values; readonly returning: boolean }
  | { readonly command: "upsert"; readonly values: Values; readonly columns: readonly string[]; readonly set: Values }
  /** Without `id`: of every row. */
  | { readonly command: "update"; readonly id?: string; readonly set: Values; readonly returning: boolean }
  | { readonly command: "delete"; readonly id: string }
  | { readonly command: "action"; readonly action: string; readonly id: string; readonly input: Values }
);

/** `2 rows: a, b`, `1 row`, `42501`: what both sides are compared by. */
export type Answer = string;

/** The answers that the rules allow: more than one only where it depends on the order of rows in the table. */
export function expectedAnswers(authorization: Authorization, view: ActorView, question: Case): readonly Answer[] {
  const entity = authorization.entity(question.entity);
  switch (question.command) {
    case "select":
      return [keysAnswer(view.visible(entity).map((row) => keyOf(authorization, entity, row)))];
    case "select field": {
      const { field } = question;
      const rows = view.world.rows(entity.name).filter((row) => mayReadField(view, entity, row, field).allowed);
      return [keysAnswer(rows.map((row) => keyOf(authorization, entity, row)))];
    }
    case "update field":
      return answersOf(decideFieldUpdate(view, entity, question));
    case "insert":
      return answersOf(decideInsert(view, entity, question));
    case "upsert":
      return answersOf(decideUpsert(view, entity, question));
    case "update":
      return answersOf(decideUpdate(view, entity, question));
    case "delete":
      return answersOf(decideDelete(view, entity, question.id));
    case "action":
      return actionAnswers(authorization, entity, question.action, decideAction(view, entity, question));
    default:
      return question satisfies never;
  }
}

function answersOf(outcome: Outcome): readonly Answer[] {
  return outcome.kind === "rows" ? [countAnswer(outcome.rows.length)] : outcome.sqlStates;
}

/** What an action gives back: the row's key and the state that it is in now. */
function actionAnswers(
  authorization: Authorization,
  entity: Entity,
  name: string,
  outcome: Outcome,
): readonly Answer[] {
  if (outcome.kind === "refused") return outcome.sqlStates;
  const states = actionStates(entity, name).map(({ name: state }) => state);
  return [
    keysAnswer(
      outcome.rows.map((row) => [keyOf(authorization, entity, row), ...states.map((state) => row[state])].join("/")),
    ),
  ];
}

/** The state that an action changes, if it changes one. */
export function actionStates(entity: Entity, name: string): readonly Field[] {
  const transition = entity.actions.find((action) => action.name === name)?.transition;
  return entity.fields.filter((field) => field.name === transition?.field);
}

export const countAnswer = (count: number): Answer => (count === 1 ? "1 row" : `${count} rows`);

export const keysAnswer = (keys: readonly string[]): Answer =>
  [countAnswer(keys.length), keys.toSorted().join(", ")].filter((part) => part !== "").join(": ");

function keyOf({ model }: Authorization, entity: Entity, row: StoredRow): string {
  return entity.primaryKey.columns.map((column) => model.valueOfColumn(entity, row, column)).join("/");
}
