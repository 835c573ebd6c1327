import { duration, env, impersonate, manual, max, sum, workflow } from "enginejs";
import { z } from "zod";
import { Order } from "./order.model.ts";

export const rows = workflow("rows", {
  describe: "Every step that reads or writes rows.",
  on: Order.on("pay"),
  as: impersonate<"Order">(({ event }) => event.after.owner),
  timeout: "30d",
  steps: (flow) =>
    flow
      .get("owner", "User", ({ event }) => event.after.owner.id)
      .find("cheap", "OrderLine", ({ row, record }) => row.order.id.eq(record.id).and(row.price.lt(10)), { missing: "null" })
      .list("lines", "OrderLine", { where: ({ row, record }) => row.order.id.eq(record.id), orderBy: [["price", "desc"]], limit: 50 })
      .update(
        "counted",
        "Order",
        ({ record }) => record.id,
        ({ row, lines }) => ({ reminders: row.reminders.plus(lines.count) }),
        { timeout: "5s", retry: { attempts: 2 } },
      )
      .updateAll("renamed", "OrderLine", ({ row, record }) => row.order.id.eq(record.id), ({ counted }) => ({ name: counted.number }))
      .query("totals", "totals-of-owner", ({ owner, record }) => ({ owner: owner.id, since: record.createdAt }))
      .transform("sums", ({ renamed, record, cheap, totals }) => ({ twice: renamed.count.times(totals.count), number: record.number, cheap: cheap.name }))
      .delete("gone", "OrderLine", ({ cheap }) => cheap.id)
      .log("say", "done", ({ sums, gone, owner }) => ({ twice: sums.twice, number: sums.number, gone: gone.name, owner: owner.email })),
});

export const waits = workflow("waits", {
  on: Order.created(),
  steps: (flow) =>
    flow
      .sleep("grace", "3d")
      .sleep("due", ({ record }) => record.dueAt.minus(duration("1d")))
      .waitForSignal("parcel", "delivered", ({ record }) => record.number, { timeout: "14d", payload: z.object({ by: z.string() }) })
      .approval("second", {
        role: "billing",
        allow: ({ actor, event }) => actor.id.ne(event.after.owner.id),
        question: "Close it?",
        show: ({ record }) => ({ number: record.number, total: record.total }),
        timeout: "2d",
        refused: "fail",
      })
      .start("report", "report", ({ record, parcel }) => ({ number: record.number, by: parcel.payload.by }))
      .start("copy", "report", ({ record }) => ({ number: record.number, by: "nobody" }), { wait: false })
      .log("say", "closed", ({ second, report, copy }) => ({ by: second.by, why: second.comment, run: report.runId, copy: copy.runId, status: report.output.status.plus(1), of: report.output.number })),
});

export const report = workflow("report", {
  on: manual(z.object({ number: z.string(), by: z.string() })),
  as: "system",
  steps: (flow) =>
    flow
      .http("ask", {
        method: "POST",
        url: "https://example.com/hook",
        headers: ({ input }) => ({ "X-Order": input.number }),
        body: ({ input }) => ({ by: input.by }),
        secret: env("HOOK_SECRET", { development: "is in no model" }),
        response: z.object({ ok: z.boolean() }),
      }, { timeout: "10s" })
      .output(({ ask, input }) => ({ ok: ask.body.ok, status: ask.status, number: input.number })),
});

/** What a run is given is typed like rows: what may be null, and the items of its lists. */
export const given = workflow("given", {
  on: manual(
    z.object({
      prices: z.array(z.int()),
      who: z.string().nullable(),
      owner: z.uuid().nullish(),
      lines: z.array(z.object({ name: z.string().nullable(), price: z.number().nullable() })),
    }),
  ),
  as: "system",
  steps: (flow) =>
    flow
      .get("owner", "User", ({ input }) => input.owner, { missing: "null" })
      .forEach("doubled", ({ input }) => input.prices, (each) => each.transform("sum", ({ item, input }) => ({ of: item.times(2), who: input.who.plus("!") })), {
        collect: ({ sum }) => sum.of,
      })
      .forEach("named", ({ input }) => input.lines, (each) => each.signal("tell", "line-named", ({ line }) => line.name, ({ line, doubled }) => ({ price: line.price, all: doubled.count })), { as: "line" })
      .signal("over", "all-told", ({ input }) => input.who)
      .transform("sums", ({ input }) => ({
        prices: sum(input.prices.filter((price) => price.gt(0))),
        dearest: max(input.prices),
        lines: sum(input.lines.map((line) => line.price.times(2))),
        named: input.lines.exists((line) => line.name.startsWith("a")).or(input.prices.all((price) => price.lt(5))),
        count: input.prices.size().plus(input.lines.filter((line) => line.name.isNull()).size()),
      }))
      .output(({ doubled, over, sums }) => ({ doubled: doubled.results, taken: over.taken.plus(1), dearest: sums.dearest })),
});

export const control = workflow("control", {
  on: Order.updated(),
  steps: (flow) =>
    flow
      .task("numbers", "numbers")
      .list("lines", "OrderLine")
      .branch(
        "large",
        ({ record }) => record.total.gt(100_000),
        (then) => then.approval("ask", { role: "billing" }).branch("no", ({ ask }) => ask.approved.not(), (no) => no.fail("refused", "Refused")),
        (otherwise) => otherwise.log("small", "small"),
      )
      .parallel("both", {
        mail: (arm) => arm.task("mail", "send-receipt", ({ record }) => ({ to: record.owner.email, amount: record.total })),
        nap: (arm) => arm.sleep("nap", "1h").transform("woke", () => ({ at: 1 })),
      })
      .forEach(
        "each",
        ({ lines }) => lines.rows,
        (line) =>
          line
            .task("tell", "send-receipt", ({ item, itemIndex, mail }) => ({ to: item.order.owner.email, amount: item.price.plus(itemIndex), note: mail.messageId }))
            .compensate("untell", (undo) => undo.log("untold", "untold", ({ item, tell }) => ({ line: item.name, id: tell.messageId }))),
        { limit: 5, collect: ({ tell }) => tell.messageId },
      )
      .forEach("others", ({ numbers }) => numbers.list, (each) => each.log("n", "n", ({ number }) => ({ n: number.n, name: number.name })), { as: "number" })
      .log("end0", "done", ({ each, woke, ask }) => ({ results: each.results, count: each.count, at: woke.at, asked: ask.approved })),
});
