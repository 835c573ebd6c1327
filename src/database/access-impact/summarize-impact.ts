/** From what was counted, actor by actor and row by row, to who gains and who loses. Pure. */
import type { AccessChange } from "../../dsl-to-sql/index.ts";
import type { CountedEntity, CountedRows } from "./count-access.ts";
import type { CauseImpact, ChangeImpact, RoleImpact } from "./impact.ts";

export function summarizeImpact(entities: readonly CountedEntity[]): readonly ChangeImpact[] {
  return entities.flatMap((entity) => entity.changes.map((change, index) => ofChange(entity, change, index)));
}

function ofChange(entity: CountedEntity, change: AccessChange, index: number): ChangeImpact {
  const note = whyNotAll(entity, change);
  const counted = entity.counted.length === 0 ? "nothing" : note === undefined ? "all" : "some";
  const { operation, mayWiden, mayNarrow } = change;
  return {
    entity: entity.entity,
    operation,
    mayWiden,
    mayNarrow,
    roles: rolesOf(entity.counted, index),
    counted,
    ...(note === undefined ? {} : { note }),
    causes: change.causes.map((cause, i): CauseImpact => {
      const { verb, what, consent, policy, subjects, where, widens } = cause;
      const rows = entity.counted.some((one) => gains(one, index, one.causes[index]?.[i]));
      return {
        verb,
        what,
        policy,
        subjects,
        ...(widens === undefined ? {} : { widens: rows ? "some" : counted === "all" ? "none" : "unknown" }),
        ...(consent === undefined ? {} : { consent }),
        ...(where === undefined ? {} : { where }),
      };
    }),
  };
}

function whyNotAll({ empty, counted, everybody, problem }: CountedEntity, { open }: AccessChange): string | undefined {
  if (empty) return "there is no row yet";
  if (problem !== undefined) return problem;
  if (counted.length === 0) return "nobody is there for whom it could be counted";
  if (counted.some(({ every }) => every > 1)) return "a part of the rows was looked at";
  if (!everybody) return "some people of each role were looked at";
  return open ? "the rule asks for the request, the hour or a flag" : undefined;
}

/** Whether an actor gains a row of which a cause speaks. */
function gains({ verdicts }: CountedRows, index: number, spoken: string | undefined): boolean {
  const { before = "", after = "" } = verdicts[index] ?? {};
  for (let i = 0; i < after.length; i++) {
    if (after[i] === "1" && before[i] === "0" && spoken?.[i] === "1") return true;
  }
  return false;
}

interface Group {
  readonly actors: Set<string | null>;
  invented: boolean;
  sampled: boolean;
  /** By what they reach: a row that several gain is one row. */
  readonly reached: Map<
    string,
    { readonly gained: Set<number>; readonly lost: Set<number>; every: number; rows: number }
  >;
}

/** Those for whom something changes. */
function rolesOf(counted: readonly CountedRows[], index: number): RoleImpact[] {
  const groups = new Map<string, Group>();
  for (const { actor, reach, every, rows, verdicts } of counted) {
    const group = groups.get(actor.label) ?? { actors: new Set(), invented: false, sampled: false, reached: new Map() };
    groups.set(actor.label, group);
    group.actors.add(actor.id);
    group.invented ||= actor.role !== undefined;
    group.sampled ||= every > 1;
    const reached = group.reached.get(reach) ?? { gained: new Set(), lost: new Set(), every, rows };
    group.reached.set(reach, reached);
    const { before = "", after = "" } = verdicts[index] ?? {};
    for (let i = 0; i < after.length; i++) {
      if (after[i] !== before[i]) (after[i] === "1" ? reached.gained : reached.lost).add(i);
    }
  }
  return [...groups]
    .map(([role, { actors, invented, sampled, reached }]): RoleImpact => {
      const sum = (of: "gained" | "lost") =>
        [...reached.values()].reduce((total, one) => total + Math.min(one.rows, one[of].size * one.every), 0);
      const of = [...reached.values()].reduce((total, { rows }) => total + rows, 0);
      return { role, actors: actors.size, invented, gained: sum("gained"), lost: sum("lost"), of, sampled };
    })
    .filter(({ gained, lost }) => gained + lost > 0)
    .sort((a, b) => b.gained - a.gained || b.lost - a.lost || (a.role < b.role ? -1 : 1));
}
