import { allow, entity, ref, text } from "enginejs";

entity("Invoice", {
  fields: { customer: ref("Custommer").required(), number: text() },
  policies: allow({ read: ({ row, actor }) => row.customer.name.eq("a").and(row.nubmer.eq("b")).and(actor.hasRole("boss")) }),
});
