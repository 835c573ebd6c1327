/** What widens access, or may, and has no consent in the model. Pure. */
import type { Diagnostic } from "../../errors/diagnostic.ts";
import { describeRoles } from "./describe-roles.ts";
import type { AccessImpact, CauseImpact, ChangeImpact } from "./impact.ts";

/** A cause, and what it widens. */
interface Widened {
  readonly cause: CauseImpact;
  readonly by: string[];
}

/** One finding for each cause, with everything that it widens. Errors where a build ends by them. */
export function missingConsents({ changes, rights }: AccessImpact, severity: Diagnostic["severity"]): Diagnostic[] {
  const found = new Map<string, Widened>();
  const add = (cause: CauseImpact, said: string): void => {
    if (cause.widens === undefined || cause.widens === "none" || cause.consent !== undefined) return;
    const key = JSON.stringify([cause.what, cause.verb, cause.where, cause.policy]);
    const known = found.get(key) ?? { cause, by: [] };
    found.set(key, known);
    known.by.push(said);
  };
  for (const change of changes) for (const cause of change.causes) add(cause, widening(change, cause));
  for (const { says, causes } of rights) for (const cause of causes) add(cause, says.join(", "));
  return [...found.values()].map(
    ({ cause, by }): Diagnostic => ({
      code: "EJS3017",
      severity,
      message: `${spelled(cause)} lets more pass than in the last build, and no consent says why: ${by.join("; ")}.`,
      hint: hintFor(cause, by.length),
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
function hintFor({ policy, subjects }: CauseImpact, changes: number): string {
  const [first = ""] = subjects;
  const shared = changes > 1 && !/^(roles|flags|claims)\./.test(first) ? (subjects.at(-1) ?? first) : first;
  const config = `consents: { ${JSON.stringify(shared)}: "why it may be" } to the config`;
  const add = policy ? `Add .consent("why it may be") to the policy, or ${config}.` : `Add ${config}.`;
  return `${add} A sentence counts once, for the build that takes it.`;
}
