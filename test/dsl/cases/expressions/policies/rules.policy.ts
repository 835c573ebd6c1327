import { rule } from "enginejs";

export const isOwner = rule("the owner", ({ row, actor }) => row.ownr.id.eq(actor.id));
export const either = rule("either", ({ row, actor }) => row.owner.id.eq(actor.id) || actor.hasRole("billing"));
export const throws = rule("throws", ({ row }) => {
  throw new Error(`no ${typeof row}`);
});
