import { allow, array, can, entity, ref, text } from "enginejs";
import { isMemberOfTenant, isTeammate } from "../policies/rules.policy.ts";

export const Customer = entity("Customer", {
  describe: "Whom a company sends its invoices to",
  fields: {
    name: text().required().max(200).index(),
    email: text().required().max(320),
    team: ref("Team"),
    invoices: array(ref("Invoice")),
  },
  policies: [
    allow({ read: isMemberOfTenant, create: can("Customer", "create"), delete: can("Customer", "delete") }),
    allow("update", "billing").when(can("Customer", "update")),
    allow("update", "the team that looks after the customer").when(isTeammate),
  ],
});
