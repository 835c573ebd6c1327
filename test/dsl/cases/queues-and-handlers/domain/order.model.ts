import { action, date, entity, money, ref, state, text, timestamp } from "enginejs";

export const Order = entity("Order", {
  table: "orders",
  fields: {
    number: text().required(),
    owner: ref("User").required(),
    total: money().required(),
    dueAt: timestamp(),
    secretAt: timestamp().readable(({ actor }) => actor.hasRole("billing")),
    paidOn: date(),
    status: state(["open", "paid"], { initial: "open" }),
  },
  actions: { pay: action().from("open").to("paid") },
});
entity("Tenant", { tenant: false, fields: { name: text().required() } });
