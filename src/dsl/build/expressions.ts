/** Checks the texts of callbacks against the model, and says where in the user's file each error stands. */
import { type Core, check, type Environment, type ExpressionType, type Range, siteOf } from "../../expression/index.ts";
import type { Site } from "../site.ts";
import type { EntityDraft } from "./build-context.ts";
import type { Written } from "./callbacks.ts";
import { type Report, shown } from "./report.ts";

export class Expressions {
  private readonly report: Report;
  private readonly drafts: ReadonlyMap<string, EntityDraft>;

  constructor(report: Report, drafts: ReadonlyMap<string, EntityDraft>) {
    this.report = report;
    this.drafts = drafts;
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
      this.report.add(code, `${written.what}: ${message}`, { site, word, hint });
    }
    return undefined;
  }

  /** A field that could not be understood has been reported: that it is missing is no news. */
  private followsAnother(code: string, message: string): boolean {
    if (code === "EJS2024") return true;
    if (code !== "EJS2012") return false;
    const [, entity, field] = /^(\w+) has no field "(\w+)"/.exec(message) ?? [];
    return entity !== undefined && field !== undefined && this.drafts.get(entity)?.broken.has(field) === true;
  }
}

/** The word that a finding is about, where it is one: a name, or a text constant. */
function wordOf(text: string, { start, end }: Range): string | undefined {
  const piece = text.slice(start, end);
  const [, plain] = /^"([^"\\]*)"$/.exec(piece) ?? [];
  if (plain !== undefined) return plain;
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(piece) ? piece : undefined;
}
