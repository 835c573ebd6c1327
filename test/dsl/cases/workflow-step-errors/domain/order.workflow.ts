import { impersonate, manual, workflow } from "enginejs";
import { z } from "zod";
import { Order } from "./order.model.ts";

workflow("rows", {
  on: Order.on("pay"),
  as: impersonate(({ record }: any) => record.owner.id),
  timeout: "soon" as never,
  steps: (flow: any) =>
    flow
      .get("owner", "User", ({ event }: any) => event.after.number, { missing: "maybe" })
      .find("cheap", "OrderLine", ({ row }: any) => row.prise.lt(10))
      .list("lines", "OrderLine", { orderBy: [["prise", "desc"], ["price", "down"]], limit: 0 })
      .update("counted", "Order", ({ record }: any) => record.id, ({ row }: any) => ({ status: "paid", reminders: row.number }))
      .updateAll("renamed", "OrderLine", ({ row }: any) => row.price, () => ({}))
      .delete("gone", "OrderLine")
      .query("totals", "totls", () => ({ a: 1 }))
      .query("again", "totals", () => ({ ownr: 1 }))
      .query("known", "totals", ({ record }: any) => ({ owner: record.owner.id }), { row: z.object({ number: z.string() }) })
      .transform("any", ({ known }: any) => ({ a: known.rows.exists((each: any) => each.nmber.eq("1")) }))
      .transform("sums", ({ counted }: any) => ({ a: counted.numbr }))
      .task("mail", "send-receipt", () => ({ to: "a", amount: 1 }), { timeout: "1", retry: { attempts: -1 } }),
});
workflow("waits", {
  on: manual(z.object({ number: z.string() })),
  steps: (flow: any) =>
    flow
      .sleep("nap", "tomorrow")
      .sleep("until", ({ input }: any) => input.number)
      .waitForSignal("parcel", "was delivered", ({ input }: any) => input.nmber)
      .approval("nobody", {})
      .approval("second", { role: "biling", refused: "stop", timeout: 5 })
      .start("report", "reprot", () => ({ a: 1 }))
      .start("sum", "sum", () => ({ n: 1 }))
      .start("gone", "sum", () => ({ n: 1 }), { wait: false })
      .log("known", "known", ({ sum }: any) => ({ a: sum.output.totl }))
      .log("when", "when", ({ gone, request, flags }: any) => ({ a: gone.output.total, ip: request.ip, flag: flags.none }))
      .task("flags", "send-receipt")
      .http("ask", { url: "ftp://example.com", method: "SEND" })
      .http("again", { url: "https://example.com", secret: "no secret", accept: [2000] })
      .log("say", "said", ({ record }: any) => ({ a: record.id })),
});
workflow("control", {
  on: Order.updated(),
  steps: (flow: any) =>
    flow
      .compensate("nothing", (undo: any) => undo.log("a", "a"))
      .branch("large", ({ record }: any) => record.total, (then: any) => then.log("b", "b"))
      .branch("none", ({ record }: any) => record.total.gt(1), undefined, (no: any) => no)
      .parallel("both", { "an arm": (arm: any) => arm.log("c", "c") })
      .parallel("twice", { x: (arm: any) => arm.log("d", "d"), y: (arm: any) => arm.log("d", "d") })
      .forEach("each", ({ record }: any) => record.lnes, (each: any) => each.log("e", "e"), { as: "record" })
      .forEach("all", ({ record }: any) => record.number, (each: any) => each.log("f", "f", ({ itm }: any) => ({ itm })), { limit: 1000 })
      .fail("stop", "no name")
      .output(() => ({ a: 1 }))
      .log("late", "late"),
});
workflow("sum", {
  on: manual(z.object({ n: z.int() })),
  steps: (flow: any) => flow.output(({ input }: any) => ({ total: input.n })),
});
