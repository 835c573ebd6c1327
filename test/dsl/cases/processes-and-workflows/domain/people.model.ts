import { entity, ref, roles, text } from "enginejs";

entity("User", { tenant: false, fields: { email: text().required() } });
entity("Membership", { fields: { user: ref("User").required(), roles: roles().required() } });
