/** What is read of the actor's row, live: `claims: { teams: ({ actor }) => actor.memberships.map((m) => m.team.id) }`. */
import { describeType, type ExpressionType } from "../../expression/index.ts";
import type { Claim } from "../../model/index.ts";
import type { ConfigDeclaration } from "../config.ts";
import type { Callback } from "../declared.ts";
import type { BuildContext } from "./build-context.ts";
import type { Callbacks } from "./callbacks.ts";
import type { Environments } from "./environments.ts";
import type { Expressions } from "./expressions.ts";
import { checkMemberName } from "./names.ts";
import { isPlainObject } from "./options.ts";
import { order } from "./report.ts";

interface Tools {
  readonly context: BuildContext;
  readonly callbacks: Callbacks;
  readonly expressions: Expressions;
  readonly environments: Environments;
}

const SQL_TYPES: Readonly<Record<Claim["type"]["scalar"], string>> = {
  uuid: "uuid",
  string: "text",
  int: "bigint",
  bool: "boolean",
  date: "date",
  timestamp: "timestamptz",
  decimal: "numeric",
};

export function addClaims(declaration: ConfigDeclaration | undefined, tools: Tools): void {
  const { context, callbacks, expressions, environments } = tools;
  const { system, report, drafts } = context;
  const { actor } = system;
  const config = isPlainObject(declaration?.config) ? declaration.config : {};
  const given = isPlainObject(config.actor) && isPlainObject(config.actor.claims) ? config.actor.claims : {};
  if (actor === undefined || !drafts.has(actor.entity)) return;
  const site = declaration?.site;
  for (const [name, callback] of Object.entries(given)) {
    const what = `actor.claims.${name}`;
    if (!checkMemberName(name, "claim", { of: "actor.claims", site }, report)) continue;
    const written = callbacks.expression({ callback: callback as Callback, site }, { names: ["actor"] }, what);
    const core = written && expressions.check(written, environments.claim(actor.entity));
    const type = core && claimType(core.type);
    if (written !== undefined && type !== undefined) {
      actor.claims.push({ name, expression: written.text, type });
      continue;
    }
    context.brokenClaims.add(name);
    if (core !== undefined && written !== undefined) {
      const hint =
        core.type.kind === "row"
          ? `Name one of its fields: ${written.text}.id.`
          : "A claim is a text, number, boolean, uuid, date or moment, or a list of these.";
      report.error("EJS2147", `${what} cannot be ${describeType(core.type)}.`, { site, word: name, hint });
    }
  }
  actor.claims.sort((a, b) => order(a.name, b.name));
}

function claimType(type: ExpressionType): Claim["type"] | undefined {
  const list = type.kind === "list";
  const of = list ? type.of.kind : type.kind;
  const scalar = of === "enum" ? "string" : of;
  if (!Object.hasOwn(SQL_TYPES, scalar)) return undefined;
  const known = scalar as Claim["type"]["scalar"];
  return { list, scalar: known, sqlType: `${SQL_TYPES[known]}${list ? "[]" : ""}` };
}
