/**
 * What the names in a step's expressions stand for: the environment that they are checked in, and the FROM clause
 * that the SQL made of them needs. Values reach the statement as parameters, so that its text is the same for every
 * run: `stepValues` gives them.
 */
import type { Environment, Variable } from "../../expression/index.ts";
import {
  type Entity,
  expressionType,
  type Field,
  type System,
  triggerEntity,
  type Workflow,
} from "../../model/index.ts";
import {
  and,
  binary,
  call,
  cast,
  column,
  type FromItem,
  type JoinNode,
  literal,
  type SqlExpression,
  table,
} from "../../sql-ast/expressions.ts";
import { printExpression, printFrom } from "../../sql-ast/print-expression.ts";
import { stepRequest } from "../environments.ts";
import { ModelIndex } from "../model-index.ts";
import { entityOf, populatedRow, type StepModel, tableOf } from "./entity-table.ts";
import { nodeResults } from "./node-results.ts";
import { taskOutput } from "./task-output-type.ts";

export interface StepScope {
  readonly environment: Environment;
  /** `from …`, with what the given expressions mention and nothing else; the values are the statement's parameters. */
  from(texts: readonly string[]): string;
  /** The same without the values: what stands beside `results`. */
  joins(texts: readonly string[]): readonly JoinNode[];
}

const VALUES = `(
    select $1::jsonb as before, $2::jsonb as after, $3::jsonb as input, $4::jsonb as value, $5::uuid as record_id, $6::uuid as tenant_id
  ) as "results"`;

/** As whole words of a statement: more is sent than need be where a field is called so. */
const COLUMNS = new Map([
  ["#before", /\bbefore\b/],
  ["#after", /\bafter\b/],
  ["#input", /\binput\b/],
]);
/** The results as a whole, in a form that is not known here. */
const ALL_RESULTS = /\bresults"?\."?value\b(?!"? ->)/;

/** Which of its values a statement of `stepScope` reads: results by their names, and `#before`, `#after`, `#input`. */
export function readValues(statement: string): (value: string) => boolean {
  const text = statement.replace(VALUES, "");
  const all = ALL_RESULTS.test(text);
  return (value) => COLUMNS.get(value)?.test(text) ?? (all || text.includes(`'${value}'`));
}

/**
 * @param values a FROM item `"results"` with the columns of `VALUES`, where they are no parameters
 * @throws EJS6005 where the definition names an entity that the model no longer has
 */
export function stepScope(build: StepModel, workflow: Workflow, values: string = VALUES): StepScope {
  const { trigger } = workflow;
  const name = triggerEntity(trigger);
  const entity = name === undefined ? undefined : entityOf(build, workflow, name);
  const about = entity === undefined ? withoutRecord(workflow) : withRecord(entity, trigger);
  const request = stepRequest(modelOf(build.system));
  const results = nodeResults(build, workflow, { ...request, ...about });
  const joins = (texts: readonly string[]): JoinNode[] => {
    const mentions = (word: string) => texts.some((text) => new RegExp(`\\b${word}\\b`).test(text));
    const found: JoinNode[] = [];
    const beside = (item: FromItem) => found.push({ type: "join", item, on: literal(true) });
    if (entity !== undefined && mentions("event")) {
      beside(populatedRow(build, entity, column("results", "before"), "event_before"));
      beside(populatedRow(build, entity, column("results", "after"), "event_after"));
    }
    for (const row of results.rows) {
      if (!mentions(row.name)) continue;
      // The result of a get that found nothing is JSON's null, of which no row can be made.
      const value = call(
        "nullif",
        binary("->", column("results", "value"), literal(row.name)),
        literal("null", "jsonb"),
      );
      beside(populatedRow(build, row.entity, value, row.alias));
    }
    if (entity !== undefined && mentions("record")) found.push(recordJoin(build, entity));
    return found;
  };
  return {
    // Older definitions may have a step called "request".
    environment: { catalog: build.catalog, variables: { ...request, ...results.variables, ...about } },
    joins,
    from: (texts) => `from ${[values, ...joins(texts).map(printJoin)].join("\n  ")}`,
  };
}

const printJoin = ({ type, item, on }: JoinNode): string => `${type} ${printFrom(item)} on ${printExpression(on)}`;

function recordJoin(build: StepModel, entity: Entity): JoinNode {
  const same = (own: string, known: string) => binary("=", column("record", own), column("results", known));
  const tenant = entity.primaryKey.columns.includes("tenant_id") ? [same("tenant_id", "tenant_id")] : [];
  const item = table(tableOf(build, entity), "record");
  return { type: "left join", item, on: and(same("id", "record_id"), ...tenant) };
}

const models = new WeakMap<System, ModelIndex>();

function modelOf(system: System): ModelIndex {
  const found = models.get(system) ?? new ModelIndex(system);
  models.set(system, found);
  return found;
}

/** What a run knows that follows a row's event: the row as it was and as it is. */
function withRecord(entity: Entity, trigger: Workflow["trigger"]): Readonly<Record<string, Variable>> {
  const action = trigger.kind === "model" ? entity.actions.find(({ name }) => name === trigger.action) : undefined;
  const event: Record<string, Variable> = {
    before: storedColumns(entity, "event_before"),
    after: storedColumns(entity, "event_after"),
    ...(action === undefined ? {} : { input: inputValues(action.input) }),
  };
  return {
    event: { kind: "record", fields: event },
    record: { kind: "row", entity: entity.name, nullable: true, alias: "record" },
  };
}

/** What a run knows that somebody or something started: what it was given. */
const withoutRecord = ({ input }: Workflow): Readonly<Record<string, Variable>> => ({
  input: taskOutput(input, column("results", "input")),
});

/** The stored columns of a row; a reference is the other row's id. */
export function storedColumns(entity: Entity, alias: string): Variable {
  const fields: [string, Variable][] = [];
  for (const field of entity.fields) {
    if (field.storage.kind !== "column" && field.storage.kind !== "generated") continue;
    fields.push([field.name, fieldValue(field, column(alias, field.storage.column))]);
  }
  return { kind: "record", fields: Object.fromEntries(fields) };
}

function fieldValue(field: Field, sql: SqlExpression): Variable {
  if (field.type.kind !== "one") return { kind: "value", type: expressionType(field.type), nullable: true, sql };
  const id: Variable = { kind: "value", type: { kind: "uuid" }, nullable: true, sql };
  return { kind: "record", fields: { id } };
}

/** What an action was called with: JSON by the names of its fields. */
function inputValues(fields: readonly Field[]): Variable {
  const entries = fields.map((field): [string, Variable] => {
    const sqlType = field.storage.kind === "column" ? field.storage.sqlType : "jsonb";
    const text = binary("->>", column("results", "input"), literal(field.name));
    const type = field.type.kind === "one" ? ({ kind: "uuid" } as const) : expressionType(field.type);
    return [field.name, { kind: "value", type, nullable: true, sql: cast(text, sqlType) }];
  });
  return { kind: "record", fields: Object.fromEntries(entries) };
}
