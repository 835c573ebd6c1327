import { action, allow, entity, ref, state, text, timestamp } from "enginejs";

export const Parcel = entity("Parcel", {
  fields: {
    order: ref("Order"),
    label: text().required(),
    due: timestamp(),
    status: state(["packed", "sent"], { initial: "packed" }),
  },
  policies: [allow(["read", "create", "update"], "who is signed in sends").when(({ actor }) => actor.id.ne(null))],
  actions: {
    send: action({ input: { carrier: text() } })
      .from("packed")
      .to("sent"),
  },
});
