/** Why an operation lets more or less pass than before: which sentence, role, flag, claim or field, and who consents to it. */
import type { SourceLocation } from "../errors/diagnostic.ts";
import type { Entity, Policy, System } from "../model/index.ts";
import type { SqlExpression } from "../sql-ast/expressions.ts";
import type { AccessRule, Operation } from "./access-rules.ts";
import { same, type Verb } from "./model-change.ts";
import { sourceLocationOf } from "./model-index.ts";
import type { Mentions } from "./spoken-rule.ts";
import type { CompiledSystem } from "./statement.ts";

export interface AccessCause {
  readonly verb: Verb;
  /** For people: `allow "auditors read"`, `role billing`. */
  readonly what: string;
  /** What decides for whom more passes; absent where it only narrows. Of the build before for a deny that is gone. */
  readonly widens?: { readonly side: "before" | "after"; readonly sql: SqlExpression };
  /** The fresh sentence by which it may widen. */
  readonly consent?: string;
  /** Where a consent can stand: of its policy, and in the config by these names. */
  readonly policy: boolean;
  readonly subjects: readonly string[];
  readonly where?: SourceLocation;
}

export interface Builds {
  readonly previous: CompiledSystem;
  readonly next: CompiledSystem;
}

/** @param widening the rules that may let more pass: allows of the new build, denies of the old one */
export function causesOf(
  entity: Entity,
  was: Operation,
  now: Operation,
  widening: ReadonlySet<AccessRule>,
  builds: Builds,
): AccessCause[] {
  const causes = new Map<string, AccessCause>();
  const add = (cause: AccessCause): void => {
    const known = causes.get(cause.what);
    if (known === undefined || (known.widens === undefined && cause.widens !== undefined))
      causes.set(cause.what, cause);
  };
  const common = { entity, subject: now.subject, builds };
  for (const effect of ["allow", "deny"] as const) {
    const list = effect === "allow" ? "allows" : "denies";
    const old = new Map(was[list].map((rule) => [rule.source, rule]));
    const current = new Map(now[list].map((rule) => [rule.source, rule]));
    for (const source of new Set([...old.keys(), ...current.keys()])) {
      const before = old.get(source);
      const after = current.get(source);
      const rule = after ?? before;
      if (rule === undefined) continue;
      const widener = [after, before].find((candidate) => candidate !== undefined && widening.has(candidate));
      const widens = widener && {
        side: widener === after ? ("after" as const) : ("before" as const),
        sql: widener.sql,
      };
      const verb = before === undefined ? "+" : after === undefined ? "-" : "~";
      if (before?.text !== after?.text) add(ofRule(rule, verb, widens, common));
      else for (const cause of ofOthers(rule, widens, common)) add(cause);
    }
  }
  return [...causes.values()];
}

interface Common {
  readonly entity: Entity;
  readonly subject: string;
  readonly builds: Builds;
}

/** The sentence itself came, changed or went. */
function ofRule(rule: AccessRule, verb: Verb, widens: AccessCause["widens"], common: Common): AccessCause {
  const { entity, subject, builds } = common;
  const policy = entity.policies.find(({ name }) => rule.source === `${entity.name}.policies.${name}`);
  const isPolicy = rule.source.startsWith(`${entity.name}.policies.`);
  const subjects = [subject, entity.name];
  const consent = freshOfPolicy(policy, entity, builds) ?? freshOfConfig(subjects, builds);
  return {
    verb,
    what: isPolicy ? `${rule.effect} ${JSON.stringify(rule.sentence)}` : `${subject}: ${JSON.stringify(rule.sentence)}`,
    policy: isPolicy && policy !== undefined,
    subjects,
    ...placed(rule.source, entity, builds),
    ...(widens === undefined ? {} : { widens }),
    ...(consent === undefined ? {} : { consent }),
  };
}

/** The sentence says what it said, and something that it asks for is another. */
function ofOthers(rule: AccessRule, widens: AccessCause["widens"], common: Common): AccessCause[] {
  const { entity, subject, builds } = common;
  const others = changedOf(rule.mentions, builds);
  if (others.length === 0 && widens === undefined) return [];
  const causes =
    others.length > 0 ? others : [{ name: subject, what: `what ${JSON.stringify(rule.sentence)} asks for` }];
  return causes.map(({ name, what }) => {
    const subjects = [...new Set([name, subject, entity.name])];
    const consent = freshOfConfig(subjects, builds);
    return {
      verb: "~",
      what,
      policy: false,
      subjects,
      ...placed(others.length > 0 ? name : rule.source, entity, builds),
      ...(widens === undefined ? {} : { widens }),
      ...(consent === undefined ? {} : { consent }),
    };
  });
}

/** Roles, flags and claims that a rule asks for and that are not what they were. */
export function changedOf(
  mentions: Mentions,
  { previous, next }: Builds,
): { readonly name: string; readonly what: string }[] {
  const old = previous.system;
  const now = next.system;
  const roles = changed(old.roles, now.roles, (was, is) => {
    const included = difference(was?.includes ?? [], is?.includes ?? []);
    const permitted = difference(was?.permissions ?? [], is?.permissions ?? []);
    return (
      included.some((role) => mentions.roles.has(role)) ||
      permitted.some((permission) => mentions.permissions.has(permission) || mentions.permissions.has("*")) ||
      // A role that gives another by now carries what the other does.
      (mentions.permissions.size > 0 && included.length > 0)
    );
  });
  const flags = changed(old.flags, now.flags, (was, is) => was?.default !== is?.default);
  const claims = changed(old.actor?.claims ?? [], now.actor?.claims ?? [], (was, is) => !same(was, is));
  return [
    ...roles.map((name) => ({ name: `roles.${name}`, what: `role ${name}` })),
    ...flags
      .filter((name) => mentions.flags.has(name))
      .map((name) => ({ name: `flags.${name}`, what: `flag ${name}` })),
    ...claims
      .filter((name) => mentions.claims.has(name))
      .map((name) => ({ name: `claims.${name}`, what: `claim ${name}` })),
  ];
}

function changed<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
  differs: (was: T | undefined, is: T | undefined) => boolean,
): string[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort();
  const of = (list: readonly T[], name: string): T | undefined => list.find((item) => item.name === name);
  return names.filter((name) => differs(of(before, name), of(after, name)));
}

const difference = (a: readonly string[], b: readonly string[]): string[] => [
  ...a.filter((item) => !b.includes(item)),
  ...b.filter((item) => !a.includes(item)),
];

/** A consent counts once: one that any policy of the entity had in the build before says nothing about this change. */
function freshOfPolicy(policy: Policy | undefined, entity: Entity, { previous }: Builds): string | undefined {
  const before = previous.system.entities.find(({ name }) => name === entity.name)?.policies ?? [];
  const why = policy?.consent;
  return before.some(({ consent }) => consent === why) ? undefined : why;
}

/** One that the config of the build before had word for word says nothing about this change. */
export function freshOfConfig(subjects: readonly string[], { previous, next }: Builds): string | undefined {
  const of = ({ consents = [] }: System, subject: string): string | undefined =>
    consents.find((consent) => consent.subject === subject)?.why;
  return subjects
    .filter((subject) => of(previous.system, subject) !== of(next.system, subject))
    .map((subject) => of(next.system, subject))
    .find((why) => why !== undefined);
}

function placed(source: string, entity: Entity, { next }: Builds): { readonly where?: SourceLocation } {
  // Roles, flags and claims stand in the config, whose parts have no places of their own.
  const where = sourceLocationOf(next.places, source) ?? sourceLocationOf(next.places, entity.name);
  return where === undefined ? {} : { where };
}
