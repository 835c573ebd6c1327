/** An access impact for people. */
import { describeRoles } from "../database/access-impact/describe-roles.ts";
import type { AccessImpact, CauseImpact, ChangeImpact } from "../database/access-impact/impact.ts";
import { printable } from "./render-diagnostics.ts";

/**
 * ```
 * Who may do what:
 *   Invoice read: billing +120 of 3,000 (2 actors), member −40 of 3,000 (3 actors)
 *     + allow "auditors read"  domain/invoice.model.ts:21  widens, consent: "auditors asked for it"
 *   billing may now start send-refund
 *     ~ roles of workflow send-refund  domain/refund.workflow.ts:12  widens, no consent
 * ```
 *
 * Of an action is counted whom its rules let pass; its guards and transitions are rules about the work and not about people.
 */
export function describeAccess(impact: AccessImpact | undefined): string[] {
  if (impact === undefined || impact.changes.length + impact.rights.length === 0) return [];
  const actions = impact.changes.some(({ operation }) => !OF_ROWS_AND_FIELDS.test(operation));
  const aside = actions ? ["  Of actions: whom their rules let pass, whatever guards and transitions say then."] : [];
  const rights = impact.rights.flatMap(({ says, causes }) => [`  ${says.join("; ")}`, ...causes.map(indentedCause)]);
  return ["Who may do what:", ...impact.changes.flatMap(describeChange), ...aside, ...rights].map(printable);
}

/** What is no action: `update, left behind`, `salary: read`. */
const OF_ROWS_AND_FIELDS = /^(read|create|update|delete)$|, |: /;

function describeChange(change: ChangeImpact): string[] {
  const { entity, operation, causes } = change;
  return [`  ${entity} ${operation}: ${outcome(change)}`, ...causes.map(indentedCause)];
}

function outcome({ roles, counted, note, mayWiden, mayNarrow }: ChangeImpact): string {
  const direction = mayWiden ? (mayNarrow ? "more or less" : "more") : "less";
  if (counted === "nothing") return `not counted (${note}); by its text ${direction} may pass`;
  const aside = note === undefined ? "" : ` (${note})`;
  if (roles.length > 0) return describeRoles(roles) + aside;
  return counted === "all" ? "no difference on the rows that are there" : `no difference found${aside}`;
}

const indentedCause = (cause: CauseImpact): string => `    ${describeCause(cause)}`;

function describeCause({ verb, what, where, widens, consent }: CauseImpact): string {
  const place = where === undefined ? [] : [`${where.file}:${where.line}`];
  const judged = widens === undefined || widens === "none" ? [] : [widens === "some" ? "widens" : "may widen"];
  const said =
    consent === undefined ? (judged.length > 0 ? ["no consent"] : []) : [`consent: ${JSON.stringify(consent)}`];
  const tail = [...judged, ...said].join(", ");
  return [`${verb} ${what}`, ...place, ...(tail === "" ? [] : [tail])].join("  ");
}
