import { action, entity, money, ref, state, text, workflow } from "enginejs";

export const Order = entity("Order", {
  table: "orders",
  fields: {
    number: text().required(),
    owner: ref("User").required(),
    total: money().required(),
    status: state(["open", "paid"], { initial: "open" }),
  },
  // A process of a file follows it.
  actions: { pay: action().from("open").to("paid").effect(workflow("orders.price")) },
});
entity("Tenant", { tenant: false, fields: { name: text().required() } });
