import { allow, entity, money, ref } from "enginejs";
import { hasRole, isMemberOfTenant } from "../policies/rules.policy.ts";

export const Receipt = entity("Receipt", {
  describe: "The proof of a payment",
  fields: {
    invoice: ref("Invoice").required().unique(),
    amount: money().required(),
  },
  policies: allow({ read: isMemberOfTenant, create: hasRole("billing") }),
});
