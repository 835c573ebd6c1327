import { action, entity, ref, state, text } from "enginejs";

entity("Order", {
  table: "orders",
  fields: {
    number: text().required(),
    owner: ref("User").required(),
    status: state(["open", "shipped"], { initial: "open" }),
  },
  actions: { ship: action().from("open").to("shipped") },
});
entity("Tenant", { tenant: false, fields: { name: text().required() } });
