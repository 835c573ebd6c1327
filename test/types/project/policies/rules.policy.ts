import { allow, type Has, type One, type RoleName, rule } from "enginejs";

export const isMemberOfTenant = rule("member of the tenant", ({ row, actor }) => row.tenant.id.eq(actor.tenantId));

export const isOwnerOrRole = (role: RoleName) =>
  rule<Has<{ owner: One<"User"> }>>(`owner or ${role}`, ({ row, actor }) =>
    row.owner.id.eq(actor.id).or(actor.hasRole(role)),
  );

export const isTeammate = rule<"Project">("teammate", ({ row, actor }) =>
  row.team.members.exists((m) => m.user.id.eq(actor.id)),
);

export const canSend = rule<"Invoice">("needs a line", ({ row }) => row.lines.size().gt(0));

/** The short form by itself, to be used by several entities. */
export const openToMembers = allow({ read: isMemberOfTenant, write: isOwnerOrRole("billing") });

export const isBilling = rule("billing", ({ actor, flags }) => actor.hasRole("billing").or(flags.betaBilling));

export const isOwnFolder = rule<"Folder">("the owner", ({ row, actor }) => row.owner.id.eq(actor.id));
