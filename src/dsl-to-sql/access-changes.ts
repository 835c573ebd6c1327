/**
 * What decides access, compared between two builds: per entity each operation
 * whose rules let more or less pass than before, as far as their text can tell;
 * what caused it; and the conditions to count it with.
 */
import type { Entity, System } from "../model/index.ts";
import { and, is, not, or, type SqlExpression } from "../sql-ast/expressions.ts";
import { type AccessCause, causesOf } from "./access-causes.ts";
import { directionOf } from "./access-direction.ts";
import { AccessRules, type Operation } from "./access-rules.ts";
import { same } from "./model-change.ts";
import type { RightChange } from "./right-change.ts";
import type { CompiledSystem } from "./statement.ts";
import { compareWorkflowAccess } from "./workflow-access.ts";

/** One operation on one entity whose rules are not the same as before. */
export interface AccessChange {
  readonly entity: string;
  /** `read`, `create`, `update`, `update, left behind`, `delete`, `pay`, `salary: read`, `salary: change`. */
  readonly operation: string;
  /** Whether more may pass than before; false where the texts prove that it does not. */
  readonly mayWiden: boolean;
  readonly mayNarrow: boolean;
  /** The rules ask for the request, the hour or a flag: what is counted now may be otherwise later. */
  readonly open: boolean;
  readonly before: SqlExpression;
  readonly after: SqlExpression;
  readonly causes: readonly AccessCause[];
}

/** All changes, with what is needed to count them. */
export interface AccessComparison {
  readonly changes: readonly AccessChange[];
  /** What no row decides: workflows, queues, webhooks. */
  readonly rights: readonly RightChange[];
  readonly before: AccessRules;
  readonly after: AccessRules;
  /**
   * SQL of the functions and views that the conditions ask, in the order in which they can be made, by enginejs_reader. A view
   * that is there already is the same one, by its name, and cannot be made twice.
   */
  readonly functions: { readonly before: readonly string[]; readonly after: readonly string[] };
}

/**
 * Compares the rules of two builds. What the texts prove to be the same, however it is said, is no change.
 *
 * @example compareAccess(compile(old), compile(system)).changes.filter((change) => change.mayWiden)
 */
export function compareAccess(previous: CompiledSystem, next: CompiledSystem): AccessComparison {
  const before = new AccessRules(previous);
  const after = new AccessRules(next);
  const changes: AccessChange[] = [];
  const called = { before: new Set<string>(), after: new Set<string>() };
  const elsewhere = changedElsewhere(previous.system, next.system);
  for (const entity of after.model.entities) {
    const old = previous.system.entities.find(({ name }) => name === entity.name);
    // Nothing was there of a new entity, so that nobody gains what he had not.
    if (old === undefined || (!elsewhere && same(deciding(old), deciding(entity)))) continue;
    const were = before.operationsOf(old);
    for (const [name, operation] of after.operationsOf(entity)) {
      const was = were.get(name);
      // An action or a field that is new was not there before either.
      if (was === undefined) continue;
      const change = compareOperation(entity, was, operation, previous, next);
      if (change === undefined) continue;
      for (const { dependsOn } of [...was.allows, ...was.denies]) for (const id of dependsOn) called.before.add(id);
      for (const { dependsOn } of [...operation.allows, ...operation.denies]) {
        for (const id of dependsOn) called.after.add(id);
      }
      changes.push(change);
    }
  }
  const functions = (rules: AccessRules, ids: ReadonlySet<string>) => rules.functions(ids).map(({ sql }) => sql);
  return {
    changes,
    rights: compareWorkflowAccess(before, after, { previous, next }),
    before,
    after,
    functions: { before: functions(before, called.before), after: functions(after, called.after) },
  };
}

const deciding = ({ policies, actions, fields, tenant }: Entity) => [policies, actions, fields, tenant];

/** What rules of any entity may ask for. */
const changedElsewhere = (a: System, b: System): boolean => {
  const asked = ({ roles, flags, actor, entities }: System) => [
    roles,
    flags,
    actor ?? null,
    entities.map(({ name, fields }) => [name, fields.map(({ storage }) => storage)]),
  ];
  return !same(asked(a), asked(b));
};

function compareOperation(
  entity: Entity,
  was: Operation,
  now: Operation,
  previous: CompiledSystem,
  next: CompiledSystem,
): AccessChange | undefined {
  if (now.name === "update, left behind" && leavesAsItTouches(was) && leavesAsItTouches(now)) return undefined;
  const known = new Set(previous.system.roles.map(({ name }) => name));
  const { widening, mayWiden, mayNarrow } = directionOf(was, now, (role) => known.has(role));
  if (!mayWiden && !mayNarrow) return undefined;
  return {
    entity: entity.name,
    operation: now.name,
    mayWiden,
    mayNarrow,
    open: [...was.allows, ...was.denies, ...now.allows, ...now.denies].some(({ mentions }) => mentions.open),
    before: verdict(was),
    after: verdict(now),
    causes: causesOf(entity, was, now, widening, { previous, next }),
  };
}

/** One rule says both: it is told once. */
const leavesAsItTouches = ({ allows, denies }: Operation): boolean =>
  [...allows, ...denies].every(({ leavesWhatItTouches }) => leavesWhatItTouches);

/** True, and never null. */
const verdict = ({ allows, denies }: Operation): SqlExpression =>
  and(
    is(or(...allows.map(({ sql }) => sql)), "true"),
    ...(denies.length === 0 ? [] : [not(is(or(...denies.map(({ sql }) => sql)), "true"))]),
  );
