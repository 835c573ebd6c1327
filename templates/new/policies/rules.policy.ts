import { type Has, type One, rule } from "enginejs";

export const isMemberOfTenant = rule("members of the tenant", ({ row, actor }) => row.tenant.id.eq(actor.tenantId));

export const isAuthorOrEditor = rule<Has<{ author: One<"User"> }>>("the author or an editor", ({ row, actor }) =>
  row.author.id.eq(actor.id).or(actor.hasRole("editor")),
);
