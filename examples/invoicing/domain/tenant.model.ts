import { allow, array, entity, ref, roles, text } from "enginejs";

export const Tenant = entity("Tenant", {
  describe: "A company that uses the system",
  tenant: false,
  fields: {
    name: text().required().max(200),
    memberships: array(ref("Membership")),
  },
  policies: [allow("read", "members see their company").when(({ row, actor }) => row.id.eq(actor.tenantId))],
});

export const User = entity("User", {
  describe: "A person; may belong to several companies",
  tenant: false,
  fields: {
    name: text().required().max(200),
    email: text().required().unique().max(320),
    memberships: array(ref("Membership")),
  },
  policies: [
    allow("read", "people see themselves and their colleagues").when(({ row, actor }) =>
      row.id.eq(actor.id).or(row.memberships.exists((m) => m.tenant.id.eq(actor.tenantId))),
    ),
    allow("update", "people edit themselves").when(({ row, actor }) => row.id.eq(actor.id)),
  ],
});

export const Membership = entity("Membership", {
  describe: "Who works for which company, and as what",
  fields: {
    user: ref("User").required(),
    roles: roles().required(),
  },
  policies: [
    allow("read", "people see their own memberships and their colleagues'").when(({ row, actor }) =>
      row.user.id.eq(actor.id).or(row.tenant.id.eq(actor.tenantId)),
    ),
  ],
});
