import { workflow } from "enginejs";
import { Invoice, Quiet } from "./invoice.model.ts";

workflow("unknown-action", { on: Invoice.on("pai" as never), steps: (flow) => flow.log("done", "paid") });
workflow("no-trigger", { steps: (flow) => flow.log("done", "paid") });
workflow("wrong-trigger", { on: "Invoice.pay" as never, steps: (flow) => flow.log("done", "paid") });
workflow("no-events", { on: Quiet.created(), steps: (flow) => flow.log("done", "made") });
workflow("no-steps", { on: Invoice.created(), steps: undefined as never });
workflow("empty", { on: Invoice.created(), steps: (flow) => flow });
workflow("fails", {
  on: Invoice.created(),
  steps: (flow) => (flow as any).approve("a"),
});
workflow("condition", {
  on: Invoice.updated(({ before, after }) => before.totl.lt(after.total).and(after.customer.email.eq("x"))),
  steps: (flow) => flow.log("done", "changed"),
});
workflow("retries", {
  on: Invoice.created(),
  as: "somebody" as never,
  retry: { attempts: 0, backoff: "linear" as never, initial: "2 s" as never, max: "1s", attempt: 3 } as never,
  stepz: 1,
  steps: (flow) => flow.log("done", "made"),
} as never);
workflow("steps", {
  on: Invoice.on("pay"),
  steps: (flow: any) =>
    flow
      .create("receipt", "Reciept", ({ record }: any) => ({ invoice: record.id }))
      .create("second", "Receipt", ({ record }: any) => ({ invioce: record.id, twice: 2, amount: record.number }))
      .create("second", "Receipt", ({ record }: any) => ({ invoice: record.id, amount: record.total }))
      .task("mail", "send-reciept", ({ record }: any) => ({ to: record.number }))
      .task("post", "send-receipt", ({ record, second }: any) => ({
        to: record.customer,
        amount: second.amont,
        subject: "Receipt",
      }))
      .task("again", "send-receipt", ({ record, event }: any) => ({ to: event.input.refrence, amount: record.number }))
      .task("end", "send-receipt")
      .log("say", "done", ({ post, pots }: any) => ({ id: post.messageId, other: pots.messageId, odd: post.mesageId }))
      .log("loud", "done", undefined, { level: "shout" })
      .log("odd", "done", () => 5),
});
workflow("event-as-action", { on: Invoice.on("create" as never), steps: (flow) => flow.log("done", "made") });
