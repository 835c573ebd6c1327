/** A build in words. */
import type { PlannedBuild } from "../database/apply.ts";
import { targetOf } from "../database/connection-failure.ts";
import { formatPlan, notCallable } from "../dsl-to-sql/index.ts";
import type { BuildOutcome } from "./build-project.ts";
import { describeAccess } from "./describe-access.ts";

/** `3 changes applied, 2 files written in 0.4 s: + field Customer.phone, …`, on one line; for `enginejs dev`. */
export function summaryOf(outcome: BuildOutcome, milliseconds: number): string {
  const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
  if (!outcome.applied) return `Nothing to do in the database (${seconds}).`;
  const changes = outcome.planned?.plan.changes ?? [];
  const shown = changes.slice(0, 5).map(({ verb, subject }) => `${verb} ${subject}`);
  const more = changes.length > shown.length ? [`and ${changes.length - shown.length} more`] : [];
  const what = outcome.planned?.plan.initial ? `${changes.length} entities` : [...shown, ...more].join(", ");
  return `Built in ${seconds}${what === "" ? "" : `: ${what}`}.`;
}

/** The lines of `enginejs sql build`. */
export function describeBuild(
  outcome: BuildOutcome,
  options: { readonly dryRun: boolean; readonly url?: string },
): string[] {
  const { planned, files } = outcome;
  const lines: string[] = [];
  if (planned !== undefined && options.url !== undefined) {
    const { host, port, database } = targetOf(options.url);
    lines.push(`Database ${database} on ${host}:${port}`);
    lines.push(...describePlan(planned, options.dryRun || outcome.refused.length > 0));
    lines.push(...describeAccess(outcome.access).map(indented));
  }
  const looking = options.dryRun || outcome.refused.length > 0;
  const write = looking ? "would be written" : "written";
  const remove = looking ? "would be removed" : "removed";
  if (files.written.length > 0) lines.push(`${count(files.written.length, "file")} ${write}: ${listed(files.written)}`);
  if (files.removed.length > 0)
    lines.push(`${count(files.removed.length, "file")} ${remove}: ${listed(files.removed)}`);
  if (files.written.length + files.removed.length === 0) lines.push("Files: nothing to do.");
  const closed = notCallable(outcome.model.system);
  if (closed.length > 0) lines.push(`Started by the platform alone (no roles, no allow): ${listed(closed)}`);
  return lines;
}

function describePlan({ plan, drifted, missing, changed, unknown, stored }: PlannedBuild, dryRun: boolean): string[] {
  const own = unknown.map((object) => `? ${object}   is in no model and is left alone`);
  if (plan.empty) return [...own, "nothing to do"].map(indented);
  const steps = plan.steps.filter((step) => !step.quiet);
  const lines: string[] = [];
  if (drifted) {
    const touched = missing.length + changed.length > 0;
    const putBack = touched ? "What a build makes is put back:" : "Nothing of the model's has changed.";
    lines.push(`Somebody changed this database by hand since its last build. ${putBack}`);
    lines.push(...missing.map((object) => `+ ${object}   was dropped`));
    lines.push(...changed.map((object) => `~ ${object}   was changed`));
    lines.push(...plan.changes.map(({ verb, subject }) => `${verb} ${subject}`));
  } else if (plan.changes.length === 0) {
    lines.push(`EngineJS ${stored?.engineVersion} built this database: its objects are written anew.`);
  } else lines.push(...formatPlan(plan));
  lines.push(...own, `${count(steps.length, "statement")} ${dryRun ? "would be run" : "applied"}`);
  return lines.map(indented);
}

const indented = (line: string): string => `  ${line}`;

const listed = (items: readonly string[]): string =>
  items.length <= 8 ? items.join(", ") : `${items.slice(0, 8).join(", ")} and ${items.length - 8} more`;

const count = (n: number, noun: string): string => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
