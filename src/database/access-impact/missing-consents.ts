/** What widens access, or may, and has no consent in the model. Pure. */
import type { Diagnostic } from "../../errors/diagnostic.ts";
import { describeRoles } from "./describe-roles.ts";
import type { AccessImpact, CauseImpact, ChangeImpact } from "./impact.ts";

/** One finding for each cause, with everything that it widens. Errors where a build ends by them. */
export function missingConsents({ changes }: AccessImpact, severity: Diagnostic["severity"]): Diagnostic[] {
  const found = new Map<string, { readonly cause: CauseImpact; readonly changes: ChangeImpact[] }>();
  for (const change of changes) {
    for (const cause of change.causes) {
      if (cause.widens === undefined || cause.widens === "none" || cause.consent !== undefined) continue;
      const key = JSON.stringify([cause.what, cause.verb, cause.where, cause.policy]);
      const known = found.get(key) ?? { cause, changes: [] };
      found.set(key, known);
      known.changes.push(change);
    }
  }
  return [...found.values()].map(
    ({ cause, changes: widened }): Diagnostic => ({
      code: "EJS3017",
      severity,
      message: `${spelled(cause)} lets more pass than in the last build, and no consent says why: ${widened.map((change) => widening(change, cause)).join("; ")}.`,
      hint: hintFor(cause, widened),
      ...(cause.where === undefined ? {} : { where: cause.where }),
    }),
  );
}

const VERBS = { "+": "new", "~": "changed", "-": "removed" } as const;

const spelled = ({ verb, what }: CauseImpact): string => `The ${VERBS[verb]} ${what}`;

function widening({ entity, operation, roles, note, counted }: ChangeImpact, { widens }: CauseImpact): string {
  const gaining = widens === "some" ? roles.filter(({ gained }) => gained > 0) : [];
  const what = `${entity} ${operation}`;
  if (gaining.length > 0) return `${what}: ${describeRoles(gaining)}`;
  return `${what}: not known for whom (${counted === "nothing" ? "not counted, " : ""}${note ?? "nobody of those who are there"})`;
}

/** Where to write it: on the policy, or in the config by the names that all changes share. */
function hintFor({ policy, subjects }: CauseImpact, changes: readonly ChangeImpact[]): string {
  const [first = ""] = subjects;
  const shared = changes.length > 1 && !/^(roles|flags|claims)\./.test(first) ? (subjects.at(-1) ?? first) : first;
  const config = `consents: { ${JSON.stringify(shared)}: "why it may be" } to the config`;
  const add = policy ? `Add .consent("why it may be") to the policy, or ${config}.` : `Add ${config}.`;
  return `${add} A sentence counts once, for the build that takes it.`;
}
