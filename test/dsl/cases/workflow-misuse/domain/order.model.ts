import { action, array, entity, integer, money, ref, state, text, timestamp } from "enginejs";

export const Order = entity("Order", {
  table: "orders",
  fields: {
    number: text().required(),
    owner: ref("User").required(),
    lines: array(ref("OrderLine")),
    total: money().required(),
    reminders: integer(),
    dueAt: timestamp().required(),
    status: state(["open", "paid", "closed"], { initial: "open" }),
  },
  actions: { pay: action({ input: { reference: text() } }).from("open").to("paid") },
});
export const OrderLine = entity("OrderLine", {
  fields: { order: ref("Order").required(), name: text().required(), price: money().required() },
});
