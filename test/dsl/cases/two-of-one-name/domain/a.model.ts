import { action, allow, array, deny, entity, ref, rule, text, uuid } from "enginejs";

entity("Customer", { fields: { name: text() } });
entity("HTTPLog", { fields: { name: text() } });
entity("Line", {
  fields: { name: text() },
  actions: { sendInvoice: action() },
});
entity("InvoiceLine", { fields: { name: text() }, actions: { send: action() } });
entity("InvoiceNumberKey", { fields: { name: text() } });
entity("Invoice", {
  fields: { number: text().unique(), customer: ref("Customer"), customerId: uuid() },
  policies: [
    allow("read", "everybody").when(rule("a", ({ actor }) => actor.id.notNull())),
    allow("update", "everybody").when(rule("b", ({ actor }) => actor.id.isNull())),
    deny("update", "denies what the policy above would have allowed").when(rule("c", ({ actor }) => actor.id.isNull())),
  ],
});
