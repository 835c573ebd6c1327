/**
 * INSERT, UPDATE, DELETE and INSERT … ON CONFLICT as PostgreSQL answers them under row level security: what the policies
 * hide is 0 rows, what they refuse to leave behind is 42501, and whatever needs to read needs the policy of SELECT as well.
 *
 * The order is PostgreSQL's: column rights, policies of what is touched, BEFORE triggers, policies of what is left behind,
 * NOT NULL, CHECKs, unique keys, and foreign keys at the end of the statement.
 */
import type { Entity, Field } from "../model/index.ts";
import type { ActorView } from "./actor-view.ts";
import { checkRow, conflicting, danglingKey } from "./constraints.ts";
import { both, type Decision } from "./decision.ts";
import { type GivenValues, insertedRow, updatedRow } from "./new-row.ts";
import { type Outcome, type Refusal, refused, rowsOf } from "./outcome.ts";
import { checkChanges, checkFieldRules, checkMembers } from "./row-triggers.ts";
import type { StoredRow } from "./world.ts";

export interface InsertRequest {
  readonly values: GivenValues;
  /** With `RETURNING`, which reads. */
  readonly returning: boolean;
}

export interface UpdateRequest {
  /** `where id = …`, which reads; every row where absent. */
  readonly id?: string;
  readonly set: GivenValues;
  readonly returning: boolean;
}

export interface UpsertRequest {
  readonly values: GivenValues;
  /** `on conflict (…)`: columns of a unique key. */
  readonly columns: readonly string[];
  readonly set: GivenValues;
}

/** A row's own id where the statement gives none: no condition can tell it from another new one. */
const NEW_ID = "ffffffff-ffff-7fff-bfff-ffffffffffff";

export function decideInsert(view: ActorView, entity: Entity, { values, returning }: InsertRequest): Outcome {
  const unwritable = refuseColumns(entity, values, "create");
  if (unwritable !== undefined) return unwritable;
  const row = insertedRow(view, entity, values, NEW_ID);
  const decision = leaving(view, entity, row, "create", returning);
  return (
    checkFieldRules(view, entity, row) ??
    checkMembers(view, entity, row) ??
    refuseUnless(decision) ??
    checkRow(view, entity, row) ??
    refuseDangling(view, entity, row) ??
    rowsOf([row], decision)
  );
}

export function decideUpdate(view: ActorView, entity: Entity, { id, set, returning }: UpdateRequest): Outcome {
  const unwritable = refuseColumns(entity, set, "update");
  if (unwritable !== undefined) return unwritable;
  const reads = id !== undefined || returning;
  const candidates = id === undefined ? view.world.rows(entity.name) : view.world.withId(entity.name, id);
  const decisions: Decision[] = [];
  const found: { readonly before: StoredRow; readonly after: StoredRow }[] = [];
  for (const before of candidates) {
    const decision = touching(view, entity, before, "update", reads);
    decisions.push(decision);
    if (decision.allowed) found.push({ before, after: updatedRow(view, entity, before, set) });
  }
  const refusals = found.flatMap(({ before, after }) => refuseUpdate(view, entity, before, after, reads) ?? []);
  if (refusals.length > 0) return together(refusals, decisions);
  const dangling = found.flatMap(({ after }) => refuseDangling(view, entity, after) ?? []);
  if (dangling.length > 0) return together(dangling, decisions);
  return rowsOf(
    found.map(({ after }) => after),
    ...decisions,
  );
}

export function decideUpsert(view: ActorView, entity: Entity, { values, columns, set }: UpsertRequest): Outcome {
  const unwritable = refuseColumns(entity, values, "create") ?? refuseColumns(entity, set, "update");
  if (unwritable !== undefined) return unwritable;
  const row = insertedRow(view, entity, values, NEW_ID);
  // The row that is proposed must pass, whether it is then inserted or not; naming the key's columns reads.
  const proposed = leaving(view, entity, row, "create", true);
  const refusal = checkFieldRules(view, entity, row) ?? checkMembers(view, entity, row) ?? refuseUnless(proposed);
  if (refusal !== undefined) return refusal;
  const { model, world } = view;
  const before = conflicting(model, world, entity, row, columns);
  if (before === undefined) {
    return checkRow(view, entity, row) ?? refuseDangling(view, entity, row) ?? rowsOf([row], proposed);
  }
  const broken = checkRow(view, entity, row, before);
  if (broken !== undefined && !broken.sqlStates.includes("23505")) return broken;
  // Not 0 rows, as an update would give: that would tell nothing of the row that was not written.
  const touch = touching(view, entity, before, "update", true);
  const hidden = refuseUnless(touch);
  if (hidden !== undefined) return hidden;
  const after = updatedRow(view, entity, before, set);
  return (
    refuseUpdate(view, entity, before, after, true) ??
    refuseDangling(view, entity, after) ??
    rowsOf([after], proposed, touch)
  );
}

export function decideDelete(view: ActorView, entity: Entity, id: string): Outcome {
  const decisions: Decision[] = [];
  const found = view.world.withId(entity.name, id).filter((row) => {
    const decision = touching(view, entity, row, "delete", true);
    decisions.push(decision);
    return decision.allowed;
  });
  const refusals = found.flatMap((row) => refuseReferenced(view, entity, row) ?? []);
  return refusals.length > 0 ? together(refusals, decisions) : rowsOf(found, ...decisions);
}

/** Which rows a command reaches: with a condition, only those that the actor may read. */
function touching(
  view: ActorView,
  entity: Entity,
  row: StoredRow,
  command: "update" | "delete",
  reads: boolean,
): Decision {
  const own = view.decide(entity, row, command, "touch");
  return reads ? both(own, view.decide(entity, row, "read", "touch")) : own;
}

/** What a command may leave behind: where it reads, only what the actor may read afterwards. */
function leaving(
  view: ActorView,
  entity: Entity,
  row: StoredRow,
  command: "create" | "update",
  reads: boolean,
): Decision {
  const own = view.decide(entity, row, command, "leave");
  return reads ? both(own, view.decide(entity, row, "read", "touch")) : own;
}

function refuseUpdate(
  view: ActorView,
  entity: Entity,
  before: StoredRow,
  after: StoredRow,
  reads: boolean,
): Refusal | undefined {
  return (
    checkChanges(entity, after, before) ??
    checkFieldRules(view, entity, after, before) ??
    checkMembers(view, entity, after, before) ??
    refuseUnless(leaving(view, entity, after, "update", reads)) ??
    checkRow(view, entity, after, before)
  );
}

const refuseUnless = (decision: Decision): Refusal | undefined =>
  decision.allowed ? undefined : refused("42501", "the rules", decision);

/** What never changes is given when the row is made. */
const isWritable = ({ storage, writable, access }: Field, when: "create" | "update"): boolean =>
  storage.kind === "column" && writable[when] && (when === "create" || access?.change !== "never");

/** A column that nobody may write: state, tenant, key, what is computed. For the system, too. */
function refuseColumns(entity: Entity, values: GivenValues, when: "create" | "update"): Refusal | undefined {
  const name = Object.keys(values).find(
    (field) => !entity.fields.some((candidate) => candidate.name === field && isWritable(candidate, when)),
  );
  return name === undefined ? undefined : refused("42501", `no right to write ${entity.name}.${name}`);
}

function refuseDangling({ model, world }: ActorView, entity: Entity, row: StoredRow): Refusal | undefined {
  const key = danglingKey(model, world, entity, row);
  return key === undefined ? undefined : refused("23503", key);
}

/** What refers to a row that goes: it holds the row, goes with it, or loses its reference. */
function refuseReferenced({ model, world }: ActorView, entity: Entity, row: StoredRow): Refusal | undefined {
  const going = new Set([row]);
  const holding: { readonly key: string; readonly by: StoredRow }[] = [];
  const visit = (target: Entity, gone: StoredRow): void => {
    for (const far of model.system.entities) {
      for (const key of far.foreignKeys.filter(({ references }) => references.entity === target.name)) {
        for (const referring of world.rows(far.name)) {
          const refers = key.columns.every((column, i) => {
            const value = model.valueOfColumn(far, referring, column);
            return value !== null && value === model.valueOfColumn(target, gone, key.references.columns[i] ?? "id");
          });
          if (!refers || going.has(referring)) continue;
          if (key.onDelete === "restrict") holding.push({ key: key.name, by: referring });
          if (key.onDelete !== "cascade") continue;
          going.add(referring);
          visit(far, referring);
        }
      }
    }
  };
  visit(entity, row);
  const [held] = holding;
  // PostgreSQL 18 tells a key that restricts from one that is violated.
  return held && { ...refused("23503", held.key), sqlStates: ["23503", "23001"] };
}

function together(refusals: readonly Refusal[], decisions: readonly Decision[]): Refusal {
  return {
    kind: "refused",
    sqlStates: [...new Set(refusals.flatMap(({ sqlStates }) => sqlStates))],
    by: [...new Set(refusals.map(({ by }) => by))].join("; "),
    decisions: [...decisions, ...refusals.flatMap((refusal) => refusal.decisions)],
  };
}
