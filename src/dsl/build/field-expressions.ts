/** Stage 5: what fields are computed from and begin with, and the rules over one row. */
import { type Core, references } from "../../expression/index.ts";
import { expressionType, type Field, objectName, snakeCase } from "../../model/index.ts";
import type { CheckDeclaration } from "../check.ts";
import { declarationOf } from "../declared.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import type { Callbacks, Written } from "./callbacks.ts";
import { defaultValue } from "./default-value.ts";
import type { Environments } from "./environments.ts";
import type { Expressions } from "./expressions.ts";
import { checkMemberName } from "./names.ts";
import { entriesOf, isCleanText } from "./options.ts";
import { shown } from "./report.ts";

const FIELD_SCOPE = { names: ["row", "actor"], spread: "row" };

/** The texts of computed fields, not yet checked: every other expression may use them. */
export function writeComputed(context: BuildContext, callbacks: Callbacks): ReadonlyMap<Field, Written> {
  const texts = new Map<Field, Written>();
  for (const { entity, declared, broken } of context.drafts.values()) {
    for (const { field, declaration } of declared.values()) {
      if (declaration.computed === undefined) continue;
      const written = callbacks.expression(declaration.computed, FIELD_SCOPE, `${entity.name}.${field.name}`);
      if (written === undefined) {
        broken.add(field.name);
        entity.fields.splice(entity.fields.indexOf(field), 1);
      } else if (field.storage.kind === "virtual" || field.storage.kind === "generated") {
        field.storage.expression = written.text;
        texts.set(field, written);
      }
    }
  }
  return texts;
}

interface Tools {
  readonly context: BuildContext;
  readonly callbacks: Callbacks;
  readonly expressions: Expressions;
  readonly environments: Environments;
}

/** Checks what computed fields are made of. */
export function checkComputed({ context, expressions, environments }: Tools, texts: ReadonlyMap<Field, Written>): void {
  for (const { entity } of context.drafts.values()) {
    for (const field of entity.fields) {
      const written = texts.get(field);
      if (written === undefined) continue;
      const stored = field.storage.kind === "generated";
      const environment = stored ? environments.sameRow(entity.name) : environments.row(entity.name);
      const core = expressions.check(written, environment, expressionType(field.type));
      if (core === undefined) continue;
      if (stored) refuseGenerated(entity.name, field, core, written, context);
      // What is made of values that are always there is always there itself.
      if (!core.nullable) field.required = true;
    }
  }
}

/** PostgreSQL refuses a generated column that reads another one. */
function refuseGenerated(
  entity: string,
  field: Field,
  core: Core,
  written: Written,
  { report, drafts }: BuildContext,
): void {
  const fields = drafts.get(entity)?.entity.fields ?? [];
  for (const { column } of references(core)) {
    const other = fields.find(({ storage }) => storage.kind === "generated" && storage.column === column);
    if (other === undefined) continue;
    report.error(
      "EJS2123",
      `${entity}.${field.name} is stored and made from ${other.name}, which is computed and stored too.`,
      {
        site: written.site,
        hint: `Write out what ${other.name} is made of, or leave { stored: true } away.`,
      },
    );
  }
}

/** Constants and callbacks that new rows begin with. */
export function addDefaults({ context, callbacks, expressions, environments }: Tools): void {
  for (const { entity, declared } of context.drafts.values()) {
    for (const { field, declaration } of declared.values()) {
      if (field.type.kind === "state") field.default = { kind: "value", value: field.type.initial };
      const given = declaration.default;
      if (given === undefined || (field.storage.kind !== "column" && field.storage.kind !== "side")) continue;
      const what = `${entity.name}.${field.name}`;
      if ("callback" in given) {
        const written = callbacks.expression(given, { names: ["actor"] }, `the default of ${what}`);
        const type = field.type.kind === "one" ? ({ kind: "uuid" } as const) : expressionType(field.type);
        if (written === undefined || expressions.check(written, environments.default(), type) === undefined) continue;
        field.default = { kind: "expression", expression: written.text };
        continue;
      }
      const result = defaultValue(given.value, field, context.system);
      if ("value" in result) {
        field.default = { kind: "value", value: result.value };
        continue;
      }
      const message = `${what}: the default ${shown(given.value)} does not fit.`;
      context.report.error("EJS2124", message, { site: given.site, hint: `It must be ${result.allowed}.` });
    }
  }
}

/** `rules: { dueLater: check(…) }` */
export function addRules(draft: EntityDraft, { context, callbacks, expressions, environments }: Tools): void {
  const { entity, declaration } = draft;
  const { report } = context;
  const of = `${entity.name}.rules`;
  for (const [name, value] of entriesOf(declaration.options.rules, of, declaration.site, report)) {
    const rule = declarationOf<CheckDeclaration>(value, "check");
    if (rule === undefined) {
      const hint = 'check(({ row }) => row.quantity.gt(0), "the quantity must be positive")';
      report.error("EJS2106", `${of}.${name} is no rule: ${shown(value)}.`, {
        site: declaration.site,
        word: ["rules", name],
        hint,
      });
      continue;
    }
    if (!checkMemberName(name, "rule", { of: entity.name, site: rule.site }, report)) continue;
    if (!isCleanText(rule.message) || rule.message === "") {
      const hint = "The sentence that a user sees whose row breaks the rule.";
      report.error("EJS2106", `${of}.${name} needs a message.`, { site: rule.site, hint });
      continue;
    }
    const written = callbacks.expression(rule, { names: ["row"] }, `${of}.${name}`);
    if (written === undefined) continue;
    expressions.check(written, environments.sameRow(entity.name), { kind: "bool" });
    const constraint = objectName(entity.table, snakeCase(name), "check");
    if (entity.checks.some((check) => check.name === constraint)) {
      const message = `${of}.${name}: the constraint "${constraint}" is there already.`;
      report.error("EJS2104", message, { site: rule.site, word: name, hint: "Rename the rule." });
      continue;
    }
    context.locate(`${entity.name}.checks.${constraint}`, rule.site);
    entity.checks.push({ name: constraint, expression: written.text, message: rule.message });
  }
}
