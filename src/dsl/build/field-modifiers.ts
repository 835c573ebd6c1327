/** Which modifiers a field can have, for models that are written without types. */
import type { FieldType } from "../../model/index.ts";
import type { FieldDeclaration } from "../field.ts";
import type { Report } from "./report.ts";

/** What a computed field can have, where its type has it. */
const COMPUTED = ["required", "unique", "index", "max", "min", "pattern"];

/** By type; `describe` fits every field. */
function allowedModifiers(type: FieldType, computed: boolean): readonly string[] {
  const rules = ["readable", "writable", "immutable", "writeOnce"];
  const settable = ["required", "unique", "index", ...rules, "default"];
  if (computed) return ["computed", ...allowedModifiers(type, false).filter((name) => COMPUTED.includes(name))];
  switch (type.kind) {
    case "state":
      return ["index"];
    case "one":
      return [...settable, "onDelete"];
    case "many":
      return ["via"];
    case "scalar":
      switch (type.scalar) {
        case "text":
          return [...settable, "max", "min", "pattern"];
        case "slug":
          return [...settable, "max"];
        case "json":
        case "roles":
          return ["required", ...rules, "default"];
        default:
          return settable;
      }
    default:
      return type satisfies never;
  }
}

/** Reports every modifier that has no meaning for the field. */
export function checkModifiers(declaration: FieldDeclaration, type: FieldType, path: string, report: Report): void {
  const allowed = allowedModifiers(type, declaration.computed !== undefined);
  const what = declaration.computed === undefined ? describe(type) : "a computed field";
  for (const [modifier, site] of Object.entries(declaration.modifiers)) {
    // Why a field can have no read rule is told where rules are looked at.
    if (modifier === "describe" || modifier === "readable" || allowed.includes(modifier)) continue;
    const hint =
      modifier === "primary"
        ? "The key of every entity is its id: leave it out, or write id: uuid().primary()."
        : `${what} can have: ${[...allowed.map((name) => `.${name}()`), ".describe()"].join(", ")}.`;
    report.error("EJS2123", `${path}: .${modifier}() has no meaning for ${what}.`, { site, hint });
  }
  if (declaration.computed !== undefined) checkComputed(declaration, path, report);
}

function checkComputed({ computed, modifiers }: FieldDeclaration, path: string, report: Report): void {
  if (computed?.stored) return;
  for (const modifier of ["unique", "index", "max", "min", "pattern"]) {
    if (!Object.hasOwn(modifiers, modifier)) continue;
    const hint = "Give .computed(…, { stored: true }) where it uses fields of the same row only.";
    report.error("EJS2123", `${path}: .${modifier}() needs a stored value, this one is computed when it is read.`, {
      site: modifiers[modifier],
      hint,
    });
  }
}

function describe(type: FieldType): string {
  switch (type.kind) {
    case "state":
      return "a state";
    case "one":
      return "a reference";
    case "many":
      return "the many side of a relation";
    case "scalar":
      return `a field of type ${type.scalar}`;
    default:
      return type satisfies never;
  }
}
