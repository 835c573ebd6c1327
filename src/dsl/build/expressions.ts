/** Checks the texts of callbacks against the model, and says where in the user's file each error stands. */
import { suggestion } from "../../errors/suggestion.ts";
import { type Core, check, type Environment, type ExpressionType, type Range, siteOf } from "../../expression/index.ts";
import type { Site } from "../site.ts";
import type { BuildContext } from "./build-context.ts";
import type { Written } from "./callbacks.ts";
import { operationNames } from "./permissions.ts";
import { type Report, shown } from "./report.ts";

export class Expressions {
  private readonly context: BuildContext;
  private readonly report: Report;

  constructor(context: BuildContext) {
    this.context = context;
    this.report = context.report;
  }

  /** The typed expression; undefined after a report. */
  check(written: Written, environment: Environment, expected?: ExpressionType): Core | undefined {
    const result = check(written.text, environment, expected);
    if (result.ok) return result.core;
    for (const { code, message, range, hint } of result.errors) {
      if (this.followsAnother(code, message)) continue;
      const site = (siteOf(written, range) as Site | undefined) ?? written.site;
      const word = wordOf(written.text, range);
      if (written.text.slice(range.end).startsWith(" in actor.roles")) {
        this.report.error("EJS2112", `${written.what}: there is no role ${shown(word)}.`, { site, word, hint });
        continue;
      }
      if (written.text.slice(range.end).startsWith(" in actor.permissions") && word !== undefined) {
        const finding = unknownPermission(word, this.context);
        this.report.error("EJS2146", `${written.what}: ${finding.message}`, {
          site,
          word: finding.word,
          hint: finding.hint,
        });
        continue;
      }
      this.report.add(code, `${written.what}: ${message}`, { site, word, hint });
    }
    return undefined;
  }

  /** The type of a text that was checked before; undefined where it had errors. */
  typeOf(text: string, environment: Environment): ExpressionType | undefined {
    const result = check(text, environment);
    return result.ok ? result.core.type : undefined;
  }

  /** A field or claim that could not be understood has been reported: that it is missing is no news. */
  private followsAnother(code: string, message: string): boolean {
    if (code === "EJS2024") return true;
    if (code !== "EJS2012") return false;
    const [, claim] = /^"actor\.claims" has no "(\w+)"/.exec(message) ?? [];
    if (claim !== undefined) return this.context.brokenClaims.has(claim);
    const [, entity, field] = /^(\w+) has no field "(\w+)"/.exec(message) ?? [];
    return entity !== undefined && field !== undefined && this.context.drafts.get(entity)?.broken.has(field) === true;
  }
}

/** Which part of `Invoice.payy` it is that there is not. */
function unknownPermission(
  name: string,
  { drafts, system }: BuildContext,
): { readonly message: string; readonly word: string; readonly hint: string } {
  const [entity = "", operation] = name.split(".");
  const draft = drafts.get(entity);
  if (operation === undefined || (draft === undefined && !/^[A-Z]/.test(entity))) {
    const own = system.permissions.map((permission) => permission.name).filter((one) => !/^[A-Z]/.test(one));
    const hint = suggestion(name, own, "Permissions of the config");
    return { message: `there is no permission ${shown(name)}.`, word: name, hint };
  }
  if (draft === undefined) {
    const hint = suggestion(entity, drafts.keys(), "Entities");
    return { message: `there is no entity ${shown(entity)}.`, word: entity, hint };
  }
  const hint = suggestion(operation, operationNames(draft), `${entity} has`);
  return { message: `${entity} has no command or action ${shown(operation)}.`, word: operation, hint };
}

/** The word that a finding is about, where it is one: a name, or a text constant. */
function wordOf(text: string, { start, end }: Range): string | undefined {
  const piece = text.slice(start, end);
  const [, plain] = /^"([^"\\]*)"$/.exec(piece) ?? [];
  if (plain !== undefined) return plain;
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(piece) ? piece : undefined;
}
