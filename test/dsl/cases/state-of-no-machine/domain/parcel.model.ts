import { action, entity, state } from "enginejs";

entity("Parcel", {
  fields: {
    place: state(["shelf", "van", "gone"], { initial: "shelf" }),
    seal: state(["open", "closed", "gone"], { initial: "open" }),
  },
  actions: {
    mixed: action().from("shelf").to("closed"),
    either: action().from("gone").to("gone"),
  },
});
entity("Stateless", { fields: {}, actions: { move: action().from("a").to("b") } });
