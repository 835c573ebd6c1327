import { allow, array, entity, ref, text } from "enginejs";

entity("Customer", {
  fields: { name: text().max(200), invoices: array(ref("Invoice")) },
  policies: allow({ read: ({ row }) => row.nmae.eq("a") }),
});
