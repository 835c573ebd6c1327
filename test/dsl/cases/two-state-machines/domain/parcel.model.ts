import { action, entity, integer, state, task } from "enginejs";

entity("Parcel", {
  fields: {
    place: state(["shelf", "van"], { initial: "shelf" }),
    seal: state(["open", "closed"], { initial: "open" }),
  },
  actions: {
    load: action({ input: { weight: integer() } })
      .from("shelf")
      .to("van")
      .effect(task("weigh")),
    close: action().from("open").to("closed"),
  },
});
