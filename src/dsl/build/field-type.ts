/** What a declared field holds, with everything that its type says checked. */
import { suggestion } from "../../errors/suggestion.ts";
import type { FieldType } from "../../model/index.ts";
import type { DeclaredType, FieldDeclaration } from "../field.ts";
import type { BuildContext } from "./build-context.ts";
import { patternText } from "./pattern-text.ts";
import { shown } from "./report.ts";

const MOST_CHARACTERS = 1_000_000;
const SLUG_CHARACTERS = 100;

/** The field's type in the IR; undefined where it cannot be one, after a report. */
export function declaredFieldType(
  declaration: FieldDeclaration,
  path: string,
  context: BuildContext,
): FieldType | undefined {
  const { type } = declaration;
  switch (type.kind) {
    case "scalar":
      return scalar(type, declaration, path, context);
    case "state":
      return state(type, declaration, path, context);
    case "one": {
      const entity = resolveEntity(type.entity, `${path}: there is no entity`, declaration, context);
      return entity === undefined
        ? undefined
        : { kind: "one", entity, onDelete: onDelete(type.onDelete, declaration, path, context) };
    }
    case "many": {
      const entity = resolveEntity(type.entity, `${path}: there is no entity`, declaration, context);
      // Which of its fields leads here is found when all fields are known.
      return entity === undefined ? undefined : { kind: "many", entity, via: type.via ?? "" };
    }
    default:
      return type satisfies never;
  }
}

/** The entity's name where there is one; after a report the nearest name, so that what follows is looked at as well. */
function resolveEntity(
  name: unknown,
  message: string,
  { site }: FieldDeclaration,
  { report, drafts, brokenEntities }: BuildContext,
): string | undefined {
  if (typeof name === "string" && drafts.has(name)) return name;
  if (typeof name === "string" && brokenEntities.has(name)) return undefined;
  const names = [...drafts.keys()];
  const word = typeof name === "string" ? name : undefined;
  report.error("EJS2121", `${message} ${shown(name)}.`, { site, word, hint: suggestion(name, names, "Entities") });
  return undefined;
}

function onDelete(
  value: string | undefined,
  { required, modifiers }: FieldDeclaration,
  path: string,
  { report }: BuildContext,
): "restrict" | "cascade" | "set null" {
  const site = modifiers.onDelete;
  if (value !== undefined && !["restrict", "cascade", "set null"].includes(value)) {
    const hint = 'It takes "restrict", "cascade" or "set null".';
    report.error("EJS2106", `${path}: .onDelete() does not take ${shown(value)}.`, { site, hint });
  } else if (value === "set null" && required) {
    const hint = 'Take .required() away, or write "restrict" or "cascade".';
    report.error("EJS2123", `${path}: a required reference cannot be set to null.`, { site, hint });
  }
  return (value ?? "restrict") as "restrict";
}

function state(
  { states, initial }: DeclaredType & { kind: "state" },
  { site }: FieldDeclaration,
  path: string,
  { report }: BuildContext,
): FieldType | undefined {
  if (
    !Array.isArray(states) ||
    states.length === 0 ||
    !states.every((name) => typeof name === "string" && name !== "")
  ) {
    report.error("EJS2125", `${path}: state() takes a list of names, not ${shown(states)}.`, { site });
    return undefined;
  }
  const unusable = states.find((name) => name.length > 63 || /[\p{Cc}\p{Cs}]/u.test(name));
  if (unusable !== undefined) {
    const hint = "At most 63 characters, none of them a control character.";
    report.error("EJS2125", `${path}: ${shown(unusable)} cannot be a state.`, { site, hint });
    return undefined;
  }
  const twice = states.find((name, i) => states.indexOf(name) !== i);
  if (twice !== undefined) {
    report.error("EJS2125", `${path}: the state ${shown(twice)} is named twice.`, {
      site,
      word: twice,
    });
  }
  if (!states.includes(initial)) {
    report.error("EJS2125", `${path}: the initial state ${shown(initial)} is none of its states.`, {
      site,
      word: initial,
      hint: suggestion(initial, states, "States"),
    });
  }
  const unique = [...new Set(states)];
  return { kind: "state", states: unique, initial: states.includes(initial) ? initial : (unique[0] as string) };
}

function scalar(
  type: DeclaredType & { kind: "scalar" },
  declaration: FieldDeclaration,
  path: string,
  context: BuildContext,
): FieldType | undefined {
  const limit = (name: "max" | "min", least: number) => {
    const value = type[name];
    if (value === undefined) return undefined;
    if (Number.isInteger(value) && value >= least && value <= MOST_CHARACTERS) return value;
    context.report.error("EJS2106", `${path}: .${name}() takes a whole number, not ${shown(value)}.`, {
      site: declaration.modifiers[name],
      hint: `From ${least} to ${MOST_CHARACTERS}.`,
    });
    return undefined;
  };
  switch (type.scalar) {
    case "text": {
      const max = limit("max", 1);
      const min = limit("min", 0);
      const pattern = patternText(type.pattern, declaration.modifiers.pattern, path, context.report);
      if (max !== undefined && min !== undefined && min > max) {
        const message = `${path}: at least ${min} characters and at most ${max} leave no text.`;
        context.report.error("EJS2106", message, { site: declaration.modifiers.min, hint: "Exchange the two." });
      }
      return {
        kind: "scalar",
        scalar: "text",
        ...(max === undefined ? {} : { max }),
        ...(min === undefined ? {} : { min }),
        ...(pattern === undefined ? {} : { pattern }),
      };
    }
    case "slug":
      return { kind: "scalar", scalar: "slug", max: limit("max", 1) ?? SLUG_CHARACTERS };
    case "decimal":
      return decimal(type.precision, type.scale, declaration, path, context);
    case "money":
      return money(type.currency, declaration, path, context);
    default:
      return { kind: "scalar", scalar: type.scalar };
  }
}

function decimal(
  precision: number | undefined,
  scale: number | undefined,
  { site }: FieldDeclaration,
  path: string,
  { report }: BuildContext,
): FieldType | undefined {
  const fits =
    precision !== undefined &&
    scale !== undefined &&
    Number.isInteger(precision) &&
    Number.isInteger(scale) &&
    precision >= 1 &&
    precision <= 1000 &&
    scale >= 0 &&
    scale <= precision;
  if (fits) return { kind: "scalar", scalar: "decimal", precision, scale };
  report.error("EJS2106", `${path}: decimal(${shown(precision)}, ${shown(scale)}) cannot be.`, {
    site,
    hint: "decimal(precision, scale): 1 to 1000 digits, of which 0 to precision stand after the point.",
  });
  return undefined;
}

function money(
  currency: unknown,
  { site }: FieldDeclaration,
  path: string,
  { report }: BuildContext,
): FieldType | undefined {
  if (currency === undefined) return { kind: "scalar", scalar: "money" };
  if (typeof currency === "string" && /^[A-Z]{3}$/.test(currency)) return { kind: "scalar", scalar: "money", currency };
  const hint = 'Three capital letters of ISO 4217: money("EUR").';
  report.error("EJS2106", `${path}: ${shown(currency)} is no currency.`, { site, hint });
  return undefined;
}
