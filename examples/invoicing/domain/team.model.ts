import { allow, array, entity, ref, text } from "enginejs";
import { hasRole, isMemberOfTenant } from "../policies/rules.policy.ts";

export const Team = entity("Team", {
  describe: "People who look after customers together",
  fields: {
    name: text().required().max(100),
    members: array(ref("TeamMember")),
    customers: array(ref("Customer")),
  },
  policies: allow({ read: isMemberOfTenant, write: hasRole("billing") }),
});

export const TeamMember = entity("TeamMember", {
  describe: "Who is in which team",
  fields: {
    team: ref("Team").required().onDelete("cascade"),
    user: ref("User").required(),
  },
  policies: allow({ read: isMemberOfTenant, write: hasRole("billing") }),
});
