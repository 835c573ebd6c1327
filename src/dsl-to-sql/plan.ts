/**
 * The difference between two builds as a plan: what changes, in words and as
 * statements in the order in which they run, or why it cannot be done.
 *
 * Two comparisons, each complete, watch each other: the models field by field
 * (`compare-systems.ts`) say what a change means and whether it is allowed; the
 * statements one by one say what has to run. A statement that differs and that
 * no rule of the models has named is an error, never silence.
 */
import type { Diagnostic, SourceLocation } from "../errors/diagnostic.ts";
import { type Entity, objectName } from "../model/index.ts";
import { grew } from "./compare-model-fields.ts";
import { compareSystems } from "./compare-systems.ts";
import type { Comparison, ModelChange } from "./model-change.ts";
import { isStored, sourceLocationOf } from "./model-index.ts";
import { type PlanStep, planSteps } from "./plan-steps.ts";
import type { CompiledSystem } from "./statement.ts";

export interface PlannedChange extends ModelChange {
  readonly where?: SourceLocation;
}

export interface Plan {
  /** True where the database holds no build yet. */
  readonly initial: boolean;
  /** True where there is nothing to do. */
  readonly empty: boolean;
  /** What changes in the model, for people. */
  readonly changes: readonly PlannedChange[];
  /** What runs, in order. Empty where something is refused. */
  readonly steps: readonly PlanStep[];
  /** Changes that a build cannot make; with any, nothing is applied. */
  readonly refusals: readonly Diagnostic[];
}

export interface PlanOptions {
  /**
   * Puts everything in place again that can be without touching a row: policies, functions, triggers, grants,
   * comments, indexes. For a database that somebody changed by hand, or that an older version has built.
   */
  readonly refresh?: boolean;
}

/**
 * Compares what a database holds with what it should hold.
 *
 * @param previous the build that the database holds, compiled anew; null for none
 * @example plan(null, compile(system)).steps.length > 0
 * @example plan(compile(old), compile(system)).refusals // what only a migration could do
 */
export function plan(previous: CompiledSystem | null, next: CompiledSystem, options: PlanOptions = {}): Plan {
  const { refresh = false } = options;
  if (previous === null) {
    const changes = next.system.entities.map(
      (entity): PlannedChange => located(next, { verb: "+", path: entity.name, subject: `entity ${entity.name}` }),
    );
    changes.sort((a, b) => (a.path < b.path ? -1 : 1));
    return { initial: true, empty: false, changes, steps: planSteps(null, next, new Set(), false).steps, refusals: [] };
  }
  const { changes, refusals } = compareModels(previous, next);
  const { steps, impossible } = planSteps(previous, next, grownChecks(previous, next), refresh);
  const refused = [...refusals, ...unnamed(impossible, refusals, next)];
  if (refused.length > 0) return { initial: false, empty: false, changes, steps: [], refusals: refused };
  const significant = steps.some((step) => !step.quiet);
  if (!significant && changes.length === 0) return { initial: false, empty: true, changes, steps: [], refusals: [] };
  if (significant && changes.length === 0 && !refresh) {
    throw new TypeError(`no change of the model explains: ${steps.map((step) => step.object).join(", ")}`);
  }
  return { initial: false, empty: false, changes, steps, refusals: [] };
}

function compareModels(
  previous: CompiledSystem,
  next: CompiledSystem,
): { readonly changes: PlannedChange[]; readonly refusals: Diagnostic[] } {
  const changes = new Map<string, PlannedChange>();
  const refusals: Diagnostic[] = [];
  const at: Comparison = {
    change: (verb, path, subject) => {
      changes.set(`${verb} ${subject}`, located(next, { verb, path, subject }));
    },
    refuse: (code, path, message, hint) => {
      const where = placeOf(next, path);
      refusals.push({
        code,
        severity: "error",
        message,
        ...(where === undefined ? {} : { where }),
        ...(hint === undefined ? {} : { hint }),
      });
    },
  };
  compareSystems(previous.system, next.system, at);
  return { changes: [...changes.values()], refusals };
}

const located = (next: CompiledSystem, change: ModelChange): PlannedChange => {
  const where = placeOf(next, change.path);
  return where === undefined ? change : { ...change, where };
};

/** The place of a node, or of the entity around it. */
function placeOf({ places }: CompiledSystem, path: string): SourceLocation | undefined {
  return sourceLocationOf(places, path) ?? sourceLocationOf(places, path.split(".", 1)[0] ?? path);
}

/** The CHECKs that only let more pass: of states that were added, and of roles. */
function grownChecks(previous: CompiledSystem, next: CompiledSystem): ReadonlySet<string> {
  const old = new Map(previous.system.entities.map((entity) => [entity.name, entity]));
  const rolesGrew = next.system.roles.length > previous.system.roles.length;
  const names = next.system.entities.flatMap((entity) => {
    const before = old.get(entity.name);
    return before === undefined ? [] : grownFields(before, entity, rolesGrew);
  });
  return new Set(names);
}

function grownFields(before: Entity, after: Entity, rolesGrew: boolean): string[] {
  return after.fields.flatMap((field) => {
    const previous = before.fields.find((candidate) => candidate.name === field.name);
    if (previous === undefined || !isStored(field)) return [];
    const isRoles = field.type.kind === "scalar" && field.type.scalar === "roles";
    if (!grew(previous.type, field.type) && !(isRoles && rolesGrew)) return [];
    return [objectName(after.table, field.storage.column, "check")];
  });
}

/** A statement that cannot be made of the old one, where the comparison of the models has not said so already. */
function unnamed(
  impossible: readonly { readonly entity: string | undefined; readonly message: string }[],
  refusals: readonly Diagnostic[],
  next: CompiledSystem,
): Diagnostic[] {
  return impossible.flatMap(({ entity, message }): Diagnostic[] => {
    const named = refusals.some((refusal) => entity === undefined || refusal.message.includes(entity));
    if (named) return [];
    const where = entity === undefined ? undefined : placeOf(next, entity);
    return [{ code: "EJS3015", severity: "error", message, ...(where === undefined ? {} : { where }) }];
  });
}
