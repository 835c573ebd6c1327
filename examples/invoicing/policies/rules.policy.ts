import { type Has, type One, type RoleName, rule } from "enginejs";

export const isMemberOfTenant = rule("members of the tenant", ({ row, actor }) => row.tenant.id.eq(actor.tenantId));

export const hasRole = (role: RoleName) => rule(`${role} only`, ({ actor }) => actor.hasRole(role));

export const isOwnerOrRole = (role: RoleName) =>
  rule<Has<{ owner: One<"User"> }>>(`the owner or ${role}`, ({ row, actor }) =>
    row.owner.id.eq(actor.id).or(actor.hasRole(role)),
  );
