import { workflow } from "enginejs";
import { Thing } from "./thing.model.ts";

workflow("on-change", {
  describe: "Tells of changes",
  on: Thing.updated(({ before, after, actor }) => before.count.ne(after.count).and(actor.id.notNull())),
  as: "system",
  retry: { attempts: 3, backoff: "fixed", initial: "500ms", max: "1h" },
  steps: (flow) =>
    flow
      .task("told", "notify", ({ event }) => ({ id: event.after.id, reason: "changed", customer: event.after.customer.id }))
      .create("copy", "Thing", ({ record, told, event }) => ({ code: "copy", count: record.count, parent: event.before.parent.id, seenAt: told.at, label: null }))
      .log("said", "done", ({ copy, told }) => ({ id: copy.id, channel: told.channel }), { level: "debug" }),
});
workflow("on-delete", { on: Thing.deleted(), steps: (flow) => flow.log("gone", "is gone", ({ event }) => ({ code: event.before.code })) });
