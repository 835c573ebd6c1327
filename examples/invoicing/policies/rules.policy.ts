import { type Has, type One, type RoleName, rule } from "enginejs";

export const isMemberOfTenant = rule("members of the tenant", ({ row, actor }) => row.tenant.id.eq(actor.tenantId));

export const hasRole = (role: RoleName) => rule(`${role} only`, ({ actor }) => actor.hasRole(role));

/** Of rows that a team looks after. */
export const isTeammate = rule<Has<{ team: One<"Team"> }>>("the team that looks after it", ({ row, actor }) =>
  row.team.members.exists((member) => member.user.id.eq(actor.id)),
);

export const isOwnerOrRole = (role: RoleName) =>
  rule<Has<{ owner: One<"User"> }>>(`the owner or ${role}`, ({ row, actor }) =>
    row.owner.id.eq(actor.id).or(actor.hasRole(role)),
  );
