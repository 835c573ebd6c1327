import { allow, check, entity, integer, money, ref, text } from "enginejs";
import { isMemberOfTenant } from "../policies/rules.policy.ts";

export const InvoiceLine = entity("InvoiceLine", {
  describe: "One position of an invoice",
  fields: {
    invoice: ref("Invoice").required().onDelete("cascade"),
    description: text().required().max(500),
    quantity: integer().required().default(1),
    price: money().required(),
    total: money().computed(({ row }) => row.quantity.times(row.price), { stored: true }),
  },
  rules: { positive: check(({ row }) => row.quantity.gt(0), "the quantity must be positive") },
  policies: [
    allow("read", "members of the tenant").when(isMemberOfTenant),
    allow(["create", "update", "delete"], "the invoice's owner or billing, while it is a draft").when(
      ({ row, actor }) =>
        row.invoice.status.eq("draft").and(row.invoice.owner.id.eq(actor.id).or(actor.hasRole("billing"))),
    ),
  ],
});
