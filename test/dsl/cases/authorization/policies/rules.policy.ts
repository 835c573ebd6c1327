import { type Has, type One, rule } from "enginejs";

export const isMember = rule("member of the tenant", ({ row, actor }) => row.tenant.id.eq(actor.tenantId));
export const isOwner = rule<Has<{ owner: One<"User"> }>>("the owner", ({ row, actor }) => row.owner.id.eq(actor.id));
export const isBilling = rule("billing", ({ actor }) => actor.hasRole("billing"));
export const isPerson = rule("a person, from our own site", ({ actor, request }) =>
  actor.kind.eq("user").and(request.origin.eq("https://app.example.com")),
);
