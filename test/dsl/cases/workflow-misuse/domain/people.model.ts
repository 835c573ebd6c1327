import { entity, ref, roles, text } from "enginejs";

entity("Tenant", { tenant: false, fields: { name: text().required() } });
entity("User", { tenant: false, fields: { email: text().required() } });
entity("Membership", { fields: { user: ref("User").required(), roles: roles().required() } });
