/** Who may read and write single fields: where such a rule can stand, and what it says. */
import type { Field, FieldType } from "../../model/index.ts";
import type { FieldDeclaration, FieldRuleDeclaration } from "../field.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { CONDITION_NAMES, type ConditionTools, writeCondition } from "./conditions.ts";
import type { Environments } from "./environments.ts";
import { isCleanText } from "./options.ts";
import { shown } from "./report.ts";

/** The names of a rule's callback; the row's fields may be taken by themselves. */
const SCOPE = { names: CONDITION_NAMES, spread: "row" };

/** Reports rules that the field cannot have; whether it lies in a side table, which is also so where its rule is wrong. */
export function checkFieldRules(
  declaration: FieldDeclaration,
  type: FieldType,
  path: string,
  { report }: BuildContext,
): boolean {
  const { readable, immutable, writeOnce, required, modifiers } = declaration;
  const refuse = (modifier: string, message: string, hint: string) =>
    report.error("EJS2148", `${path}: ${message}`, { site: modifiers[modifier], hint });
  if (immutable && writeOnce) {
    refuse("writeOnce", ".immutable() and .writeOnce() say two things.", "Keep one of them.");
  } else if (writeOnce && required) {
    refuse(
      "writeOnce",
      "a required field has its value from the start.",
      "Write .immutable(), or take .required() away.",
    );
  }
  if (readable === undefined) return false;
  const reason = unreadable(declaration, type);
  if (reason === undefined) return true;
  refuse("readable", `.readable() cannot be: ${reason.why}.`, reason.hint);
  return false;
}

interface Reason {
  readonly why: string;
  readonly hint: string;
}

/** Why a field cannot lie in a table of its own. */
function unreadable({ unique, index, computed }: FieldDeclaration, type: FieldType): Reason | undefined {
  const elsewhere = "Say who may read the row by a policy, or put what is secret into an entity of its own.";
  if (type.kind === "state") {
    return { why: "actions and policies go by the state of a row that one may read", hint: elsewhere };
  }
  if (type.kind === "one") {
    const why = "a reference holds its row together with the other one: keys, relations and policies go by it";
    return { why, hint: elsewhere };
  }
  if (type.kind === "many") {
    return { why: "the rows of a relation have policies of their own", hint: `Say it by a policy of ${type.entity}.` };
  }
  if (computed !== undefined) {
    const hint = "Give the rule to the fields that it is made of: who may not read them finds null in this one, too.";
    return { why: "a computed field shows what it is made of", hint };
  }
  if (type.scalar === "roles") return { why: "roles decide what everybody may", hint: elsewhere };
  if (!unique && !index) return undefined;
  const what = unique ? "a unique tells by its errors which values there are" : "an index is of the row's own table";
  return {
    why: `${what}, and the field lies in a table of its own`,
    hint: `Take .${unique ? "unique" : "index"}() away.`,
  };
}

/** Adds what the rules say to the fields. */
export function addFieldRules(
  { entity, declared }: EntityDraft,
  context: BuildContext,
  environments: Environments,
  tools: ConditionTools,
): void {
  for (const { field, declaration } of declared.values()) {
    const { readable, writable } = declaration;
    const read = readable && field.storage.kind === "side" ? rule("read", readable) : undefined;
    const write = writable && isStored(field) ? rule("write", writable) : undefined;
    if (read === undefined && write === undefined) continue;
    field.access = {
      ...(read === undefined ? {} : { read }),
      ...(write === undefined ? {} : { write }),
      ...field.access,
    };

    function rule(verb: string, { condition, why, site }: FieldRuleDeclaration) {
      const path = `${entity.name}.${field.name}`;
      const what = `${path}, who may ${verb} it`;
      const written = writeCondition(condition, SCOPE, environments.condition(entity.name), what, tools);
      if (why !== undefined && (!isCleanText(why) || why.trim() === "" || why.includes("\n"))) {
        const hint = `Say who may and why: .${verb === "read" ? "readable" : "writable"}(isBilling, "billing knows the margin").`;
        context.report.error("EJS2148", `${what}: ${shown(why)} is no sentence.`, { site, hint });
        return undefined;
      }
      if (written === undefined) return undefined;
      return {
        name: (why as string | undefined) ?? written.rule ?? `who may ${verb} ${path}`,
        expression: written.text,
      };
    }
  }
}

const isStored = ({ storage }: Field): boolean => storage.kind === "column" || storage.kind === "side";
