import { allow, entity, money, text } from "enginejs";

export const User = entity("User", {
  fields: { email: text().required() },
  policies: [allow("read", "everybody reads themselves").when(({ row, actor }) => row.id.eq(actor.id))],
});

export const Order = entity("Order", {
  table: "orders",
  fields: { status: text().required(), total: money().required() },
  policies: [allow(["read", "create"], "who is signed in orders").when(({ actor }) => actor.id.ne(null))],
});
