/** A rule as it was written: what it asks for, and what its text proves. Policies have them, and so has whatever else says who may do what. */
import type { Environment } from "../expression/catalog.ts";
import { check } from "../expression/check.ts";
import type { Core } from "../expression/core.ts";
import { walk } from "../expression/walk.ts";
import { type Formula, type FormulaScope, formulaOf, TRUE } from "./access-formula.ts";

/** What a rule asks of other parts of the model. */
export interface Mentions {
  readonly roles: ReadonlySet<string>;
  /** `*` where it may be any. */
  readonly permissions: ReadonlySet<string>;
  readonly flags: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
  /** It asks for the request, the hour or a flag: another moment may give another answer. */
  readonly open: boolean;
}

export interface SpokenRule {
  readonly effect: "allow" | "deny";
  readonly sentence: string;
  /** The key of the source map. */
  readonly source: string;
  readonly text: string;
  readonly mentions: Mentions;
  readonly formula: (counts: FormulaScope["counts"]) => Formula;
}

const NOTHING: Mentions = {
  roles: new Set(),
  permissions: new Set(),
  flags: new Set(),
  claims: new Set(),
  open: false,
};

/** All of the texts together. What is wrong with one was told when the system was compiled: none is wrong here. */
export function meaningOf(
  texts: readonly string[],
  environment: Environment,
  scope: Pick<FormulaScope, "model" | "claim">,
): Pick<SpokenRule, "mentions" | "formula"> {
  const cores = texts.flatMap((text) => {
    const result = check(text, environment, { kind: "bool" });
    return result.ok ? [result.core] : [];
  });
  if (cores.length === 0) return { mentions: NOTHING, formula: () => TRUE };
  return {
    mentions: mentionsOf(cores),
    formula: (counts) => {
      const operands = cores.map((core) => formulaOf(core, { ...scope, counts }));
      return { kind: "and", operands };
    },
  };
}

function mentionsOf(cores: readonly Core[]): Mentions {
  const roles = new Set<string>();
  const permissions = new Set<string>();
  const flags = new Set<string>();
  const claims = new Set<string>();
  /** The lists of constants' tests: those name what they ask for. */
  const tested = new Set<Core>();
  let open = false;
  for (const node of cores.flatMap((core) => [...walk(core)])) {
    if (node.kind === "now") open = true;
    if (node.kind === "in-array" && node.list.kind === "value" && node.operand.kind === "literal") {
      const [of, list] = node.list.path;
      tested.add(node.list);
      if (of === "actor" && list === "roles") roles.add(String(node.operand.value));
      if (of === "actor" && list === "permissions") permissions.add(String(node.operand.value));
    }
    if (node.kind !== "value") continue;
    const [of, name = "", member = ""] = node.path;
    if (of === "request" || of === "flags") open = true;
    if (of === "flags") flags.add(name);
    if (of === "actor" && name === "claims") claims.add(member);
    if (of === "actor" && name === "permissions" && !tested.has(node)) permissions.add("*");
  }
  return { roles, permissions, flags, claims, open };
}
