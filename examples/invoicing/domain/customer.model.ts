import { allow, array, entity, ref, text } from "enginejs";
import { hasRole, isMemberOfTenant } from "../policies/rules.policy.ts";

export const Customer = entity("Customer", {
  describe: "Whom a company sends its invoices to",
  fields: {
    name: text().required().max(200).index(),
    email: text().required().max(320),
    invoices: array(ref("Invoice")),
  },
  policies: allow({ read: isMemberOfTenant, write: hasRole("billing") }),
});
