/** What affordances and explanations say of a row beyond the rules of its policies: its fields one by one, and guards. */
import { check } from "../expression/check.ts";
import type { Action, Entity, Field } from "../model/index.ts";
import { inputParameter } from "./action-statements.ts";
import type { CompiledPart, EntityRules, PolicyParts } from "./compile-rules.ts";
import { mentionsInput } from "./condition-terms.ts";
import { actionEnvironment, rowEnvironment } from "./environments.ts";
import { isStored, sortedBy } from "./model-index.ts";
import { stateMachines } from "./state-machines.ts";

export interface FieldRules {
  readonly field: Field;
  /** Who may read it, besides having to read the row. */
  readonly read?: NamedCondition;
  /** Who may change it, besides having to be allowed to change the row. */
  readonly write?: NamedCondition;
  /** For a field that keeps the value that it once has: it has none yet. */
  readonly empty?: CompiledPart;
  /** Why nobody can change it; absent where it can be changed. */
  readonly fixed?: string;
}

/** Everything that is said of a row of an entity, each condition compiled once. */
export interface RowRules extends EntityRules {
  /** Sorted by name: the order of the IR's lists says nothing. */
  readonly fields: readonly FieldRules[];
  /** By the action's name. */
  readonly guards: ReadonlyMap<string, readonly CompiledGuard[]>;
}

export function compileRowRules(entity: Entity, rules: EntityRules, parts: PolicyParts): RowRules {
  const guards = entity.actions.map((action) => [action.name, guardConditions(entity, action, parts)] as const);
  return { ...rules, fields: fieldRules(entity, parts), guards: new Map(guards) };
}

interface NamedCondition {
  readonly sentence: string;
  readonly condition: CompiledPart;
}

/** The fields of a row that have a value of their own. */
function fieldRules(entity: Entity, parts: PolicyParts): FieldRules[] {
  const valued = entity.fields.filter(({ storage }) => storage.kind !== "relation");
  return sortedBy(valued, ({ name }) => name).map((field) => {
    const { access } = field;
    const rule = (kind: "read" | "write"): Partial<Record<"read" | "write", NamedCondition>> => {
      const declared = access?.[kind];
      const source = `${entity.name}.fields.${field.name}`;
      const condition = declared && compileText(entity, declared.expression, declared.name, source, parts);
      return declared === undefined || condition === undefined
        ? {}
        : { [kind]: { sentence: declared.name, condition } };
    };
    const fixed = whyFixed(entity, field);
    return {
      field,
      ...rule("read"),
      ...(fixed === undefined ? { ...rule("write"), ...onceOnly(entity, field, parts) } : { fixed }),
    };
  });
}

function onceOnly(entity: Entity, field: Field, parts: PolicyParts): { readonly empty?: CompiledPart } {
  if (field.access?.change !== "once") return {};
  const source = `${entity.name}.fields.${field.name}`;
  const empty = compileText(entity, `row.${field.name} == null`, `${field.name} is set once`, source, parts);
  return empty === undefined ? {} : { empty };
}

function whyFixed(entity: Entity, field: Field): string | undefined {
  const { storage, access, writable } = field;
  if (storage.kind === "generated" || storage.kind === "virtual") return "is computed";
  if (access?.change === "never") return "never changes";
  if (writable.update) return undefined;
  const moves = stateMachines(entity).some((machine) => machine.field === field.name);
  const actions = moves ? entity.actions.filter(({ transition }) => transition?.field === field.name) : [];
  return actions.length === 0
    ? "cannot be changed"
    : `is changed by: ${actions
        .map(({ name }) => name)
        .sort()
        .join(", ")}`;
}

interface CompiledGuard {
  readonly message: string;
  readonly condition: CompiledPart;
  /** It asks for what the action is given: it cannot be answered before the call. */
  readonly needsInput: boolean;
}

/** The guards of an action, for whoever asks before it is called. */
function guardConditions(entity: Entity, action: Action, parts: PolicyParts): CompiledGuard[] {
  const input = action.input.map((field) => ({ field, parameter: inputParameter(field.name) }));
  const environment = actionEnvironment(parts.list.model, entity, entity.table, input, action.function);
  const types = Object.fromEntries(
    action.input.map((field) => [inputParameter(field.name), isStored(field) ? field.storage.sqlType : "text"]),
  );
  return action.guards.flatMap(({ expression, message }) => {
    const checked = check(expression, environment, { kind: "bool" });
    // What is wrong is told where the action itself is compiled.
    if (!checked.ok) return [];
    const compiled = parts.conditions.compile({
      core: checked.core,
      entity,
      purpose: "policy",
      text: expression,
      sentence: message,
      source: `${entity.name}.actions.${action.name}`,
      input: { alias: action.function, types },
    });
    return [{ message, condition: { text: expression, ...compiled }, needsInput: mentionsInput(checked.core) }];
  });
}

function compileText(
  entity: Entity,
  text: string,
  sentence: string,
  source: string,
  { list, conditions }: PolicyParts,
): CompiledPart | undefined {
  const checked = check(text, rowEnvironment(list.model, entity, entity.table), { kind: "bool" });
  // What is wrong is told where the field itself is compiled.
  if (!checked.ok) return undefined;
  return { text, ...conditions.compile({ core: checked.core, entity, purpose: "policy", text, sentence, source }) };
}
