import { allow, array, entity, ref, roles, text } from "enginejs";
import { isTeammate } from "../policies/rules.policy.ts";

entity("Tenant", { tenant: false, fields: { name: text() } });
entity("User", { tenant: false, fields: { email: text().required() } });
entity("Membership", { fields: { user: ref("User").required(), roles: roles().required() } });
entity("Team", { fields: { members: array(ref("Member")) } });
entity("Member", { fields: { team: ref("Team"), user: ref("User") } });
entity("Project", { fields: { team: ref("Team") }, policies: allow({ read: isTeammate }) });
