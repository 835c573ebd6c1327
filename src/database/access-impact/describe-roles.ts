import type { RoleImpact } from "./impact.ts";

/** So many are named; of more roles than that only how many they are. */
const NAMED = 6;

/** `billing +120 of 3,000 (2 actors), member −40 of 3,000 (1 actor)` */
export function describeRoles(roles: readonly RoleImpact[]): string {
  const named = roles.slice(0, NAMED).map(describeRole);
  return [...named, ...(roles.length > NAMED ? [`and ${roles.length - NAMED} more`] : [])].join(", ");
}

function describeRole({ role, actors, invented, gained, lost, of, sampled }: RoleImpact): string {
  const about = sampled ? "about " : "";
  const numbers = [
    ...(gained > 0 ? [`+${about}${count(gained)}`] : []),
    ...(lost > 0 ? [`−${about}${count(lost)}`] : []),
  ];
  const who = invented ? "held by nobody yet" : `${count(actors)} ${actors === 1 ? "actor" : "actors"}`;
  return `${role} ${numbers.join(" ")} of ${count(of)} (${who})`;
}

const count = (n: number): string => n.toLocaleString("en");
