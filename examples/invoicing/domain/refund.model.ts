import { action, allow, check, entity, money, ref, state, text } from "enginejs";
import { isMemberOfTenant } from "../policies/rules.policy.ts";

/** Nobody may update one: what becomes of it is the business of the workflow `refund`. */
export const Refund = entity("Refund", {
  describe: "Money that a customer gets back",
  fields: {
    invoice: ref("Invoice").required().immutable(),
    requestedBy: ref("User")
      .required()
      .immutable()
      .default(({ actor }) => actor.id),
    amount: money().required().immutable(),
    iban: text().required().max(34).immutable(),
    reason: text().required().max(500),
    status: state(["requested", "paid", "refused"], { initial: "requested" }),
  },
  rules: { positive: check(({ row }) => row.amount.gt(0), "the amount must be positive") },
  policies: [
    allow("read", "members of the tenant").when(isMemberOfTenant),
    allow("create", "the invoice's owner or billing, once it is paid").when(({ row, actor }) =>
      row.invoice.status.eq("paid").and(row.invoice.owner.id.eq(actor.id).or(actor.hasRole("billing"))),
    ),
  ],
  actions: {
    settle: action().from("requested").to("paid"),
    refuse: action().from("requested").to("refused"),
  },
});
