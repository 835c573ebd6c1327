import { array, entity, ref, text } from "enginejs";

entity("Invoice", {
  fields: {
    customer: ref("Custmer"),
    thing: ref("Zebra"),
    missing: ref(undefined as never),
    lines: array(ref("InvoiceLine")),
    messages: array(ref("Message")),
    others: array(ref("Message")).via("sendr"),
    broken: array(text() as never),
  },
});
entity("Customer", { fields: { name: text(), invoices: array(ref("Invoice")) } });
entity("InvoiceLine", { fields: { text: text(), user: ref("User") } });
entity("Message", { fields: { sender: ref("Invoice"), receiver: ref("Invoice"), message: array(ref("User")) } });
entity("Country", { tenant: false, fields: { capital: ref("City") } });
entity("City", { fields: { name: text() } });
