/** Stage 6: actions, with their input, transition, rule, guards and effects. */
import type { z } from "zod";
import { suggestion } from "../../errors/suggestion.ts";
import { type Action, type Field, objectName, snakeCase, type stateType } from "../../model/index.ts";
import type { ActionDeclaration } from "../action.ts";
import { declarationOf } from "../declared.ts";
import type { FieldDeclaration } from "../field.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { columnType } from "./column-type.ts";
import { CONDITION_NAMES, type ConditionTools, writeCondition } from "./conditions.ts";
import { effectDeclaration } from "./effects.ts";
import type { Environments } from "./environments.ts";
import { declaredFieldType } from "./field-type.ts";
import { checkMemberName } from "./names.ts";
import { checkOptions, described, entriesOf, isCleanText } from "./options.ts";
import { shown } from "./report.ts";

/** Names that every action function has already, or that its call could not tell apart. */
const RESERVED_INPUT = ["id", "row", "actor", "input", "targetRow", "found", "clientMutationId"];

export function addActions(
  draft: EntityDraft,
  context: BuildContext,
  environments: Environments,
  tools: ConditionTools,
): void {
  const { entity, declaration } = draft;
  const entries = entriesOf(declaration.options.actions, `${entity.name}.actions`, declaration.site, context.report);
  for (const [name, value] of entries) {
    const action = declarationOf<ActionDeclaration>(value, "action");
    if (action === undefined) {
      const message = `${entity.name}.actions.${name} is no action: ${shown(value)}.`;
      context.report.error("EJS2106", message, {
        site: declaration.site,
        word: ["actions", name],
        hint: "Declare it by action().",
      });
    } else if (isActionName(name, action, draft, context)) {
      context.locate(`${entity.name}.actions.${name}`, action.site);
      entity.actions.push(buildAction(name, action, draft, context, environments, tools));
    }
  }
}

function isActionName(
  name: string,
  { site }: ActionDeclaration,
  { entity }: EntityDraft,
  { report }: BuildContext,
): boolean {
  if (!checkMemberName(name, "action", { of: entity.name, site }, report)) return false;
  if (!["create", "update", "delete", "list", "get"].includes(name)) return true;
  report.error("EJS2102", `${entity.name}: an action cannot be called "${name}": every entity has this operation.`, {
    site,
    hint: "Choose another name.",
  });
  return false;
}

function buildAction(
  name: string,
  declaration: ActionDeclaration,
  draft: EntityDraft,
  context: BuildContext,
  environments: Environments,
  tools: ConditionTools,
): Action {
  const { entity } = draft;
  const what = `${entity.name}.${name}`;
  checkOptions({ ...declaration.options }, ["input"], what, declaration.site, context.report);
  const input = inputFields(declaration, what, context);
  const guarded = environments.condition(entity.name, input);
  const transition = transitionOf(declaration, what, draft, context);
  const allow =
    declaration.allow === undefined
      ? undefined
      : writeCondition(
          declaration.allow,
          CONDITION_NAMES,
          environments.condition(entity.name),
          `${what}, who may`,
          tools,
        );
  const guards = declaration.guards.flatMap(({ condition, why, site }) => {
    if (why !== undefined && (!isCleanText(why) || why === "")) {
      const hint = 'Say what is missing, for whom it refuses: .guard(…, "needs a line")';
      context.report.error("EJS2106", `${what}, guard: ${shown(why)} is no sentence.`, { site, hint });
      return [];
    }
    const written = writeCondition(condition, [...CONDITION_NAMES, "input"], guarded, `${what}, guard`, tools);
    if (written === undefined) return [];
    return [{ expression: written.text, message: why ?? written.rule ?? `${name} is not possible now` }];
  });
  return {
    name,
    ...described(declaration.description, what, declaration.site, context.report),
    function: objectName(snakeCase(name), snakeCase(entity.name)),
    input: [...input],
    ...(transition === undefined ? {} : { transition }),
    ...(allow === undefined ? {} : { allow: { name: allow.rule ?? `who may ${name}`, expression: allow.text } }),
    guards,
    effects: declaration.effects.flatMap(({ effect, site }) => effectOf(effect, site, what, context)),
  };
}

function inputFields(declaration: ActionDeclaration, what: string, context: BuildContext): readonly Field[] {
  const fields: Field[] = [];
  for (const [name, value] of entriesOf(declaration.input, `${what}, input`, declaration.site, context.report)) {
    const field = declarationOf<FieldDeclaration>(value, "field");
    const of = `${what}, input`;
    const problem =
      field === undefined
        ? `is no field: ${shown(value)}`
        : field.type.kind === "many" || field.computed !== undefined || field.default !== undefined
          ? "must be a value that the caller gives"
          : field.readable !== undefined || field.writable !== undefined || field.writeOnce === true
            ? "has rules, which a stored field has"
            : RESERVED_INPUT.includes(name)
              ? "has a name that means something else here"
              : undefined;
    if (field === undefined || problem !== undefined) {
      const site = field?.site ?? declaration.site;
      context.report.error("EJS2120", `${of}.${name} ${problem}.`, {
        site,
        hint: "input: { reference: text().max(80) }",
      });
      continue;
    }
    if (!checkMemberName(name, "field", { of, site: field.site }, context.report)) continue;
    const type = declaredFieldType(field, `${of}.${name}`, context);
    if (type === undefined) continue;
    fields.push({
      name,
      ...described(field.description, `${of}.${name}`, field.site, context.report),
      type,
      required: field.required === true,
      storage: { kind: "column", column: snakeCase(name), sqlType: columnType(type) ?? "text" },
      writable: { create: true, update: false },
    });
  }
  return fields;
}

type StateType = z.infer<typeof stateType>;

function transitionOf(
  { from, to, site }: ActionDeclaration,
  what: string,
  { entity, broken }: EntityDraft,
  { report }: BuildContext,
): Action["transition"] {
  if (from === undefined && to === undefined) return undefined;
  const fields = entity.fields.filter(({ type }) => type.kind === "state");
  if (fields.length === 0) {
    if (broken.size > 0) return undefined;
    report.error("EJS2142", `${what}: a transition needs a state field, ${entity.name} has none.`, {
      site,
      hint: 'status: state(["draft", "sent"], { initial: "draft" })',
    });
    return undefined;
  }
  // Of several machines it is the one that has all of these states; where none has them, the first says which there are.
  const named = [...(from?.states ?? []), ...(to === undefined ? [] : [to.state])];
  const fitting = fields.filter(({ type }) => named.every((state) => (type as StateType).states.includes(state)));
  if (fitting.length > 1 || (fitting.length === 0 && fields.length > 1)) {
    const machines = fields.map((machine) => `${machine.name} (${(machine.type as StateType).states.join(", ")})`);
    const found =
      fitting.length === 0 ? "no state field has all of these states" : "several state fields have these states";
    report.error("EJS2142", `${what}: ${found}.`, {
      site: (from ?? to)?.site ?? site,
      hint: `State fields of ${entity.name}: ${machines.join("; ")}. A state's name must tell which one is meant.`,
    });
    return undefined;
  }
  const field = fitting[0] ?? (fields[0] as Field);
  const { states } = field.type as StateType;
  let sound = true;
  const check = (state: unknown, place: typeof site) => {
    if (typeof state === "string" && states.includes(state)) return;
    sound = false;
    const word = typeof state === "string" ? state : undefined;
    const hint = suggestion(state, states, `States of ${entity.name}.${field.name}`);
    report.error("EJS2141", `${what}: ${entity.name}.${field.name} has no state ${shown(state)}.`, {
      site: place,
      word,
      hint,
    });
  };
  for (const state of from?.states ?? []) check(state, from?.site);
  if (to !== undefined) check(to.state, to.site);
  if (from === undefined || to === undefined || from.states.length === 0) {
    const missing = to === undefined ? ".to()" : ".from()";
    report.error("EJS2142", `${what}: the transition has no ${missing}.`, { site: (from ?? to)?.site ?? site });
    return undefined;
  }
  return sound ? { field: field.name, from: [...new Set(from.states)], to: to.state } : undefined;
}

function effectOf(
  effect: unknown,
  site: ActionDeclaration["site"],
  what: string,
  { report }: BuildContext,
): Action["effects"] {
  const reference = effectDeclaration(effect);
  if (reference === undefined) {
    const message = `${what}: ${shown(effect)} is no effect.`;
    report.error("EJS2144", message, { site });
    return [];
  }
  // Whether there is such a task or workflow is looked at when all of them are known.
  return [{ kind: reference.kind === "task-reference" ? "task" : "workflow", name: reference.name }];
}
