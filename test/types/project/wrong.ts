/** Every line that must not compile is marked; a mark without an error is an error itself. */
import {
  action,
  allow,
  array,
  can,
  defineConfig,
  definePlugin,
  defineTask,
  deny,
  entity,
  env,
  manual,
  money,
  on,
  queue,
  ref,
  rule,
  type Scalar,
  state,
  sum,
  task,
  text,
  view,
  workflow,
} from "enginejs";
import { z } from "zod";
import { Invoice } from "./domain/invoice.model.ts";
import { orderEvents } from "./domain/queues.model.ts";
import { acme } from "./plugins/acme.ts";
import { isBilling, isMemberOfTenant, isOwnFolder, isTeammate } from "./policies/rules.policy.ts";

entity("Invoice", {
  fields: {
    // @ts-expect-error no field totl
    subtotal: money().computed(({ lines }) => sum(lines.map((l) => l.totl))),
    status: state(["draft", "sent"], { initial: "draft" }),
  },
  // @ts-expect-error no state drafft
  actions: { pay: action().from("drafft").to("sent") },
});
// @ts-expect-error no entity Custmer
entity("Invoice", { fields: { customer: ref("Custmer") } });
// @ts-expect-error no entity Invoce
entity("Invoce", { fields: {} });
entity("Invoice", {
  fields: {
    // @ts-expect-error the initial state is none of the states
    status: state(["draft"], { initial: "drft" }),
  },
});
entity("Invoice", {
  fields: { status: state(["draft", "sent"], { initial: "draft" }) },
  // @ts-expect-error no field linez, in a guard
  actions: { pay: action().from("draft").guard(({ row }) => row.linez.size().gt(0)) },
});
entity("Invoice", {
  fields: { status: state(["draft"], { initial: "draft" }) },
  // @ts-expect-error no input amont
  actions: { pay: action({ input: { amount: money() } }).guard(({ input }) => input.amont.gt(0)) },
});
entity("Project", {
  fields: { team: ref("Team") },
  // @ts-expect-error no field tean
  policies: allow({ read: ({ row, actor }) => row.tean.members.exists((m) => m.user.id.eq(actor.id)) }),
});
entity("InvoiceLine", {
  fields: { invoice: ref("Invoice").required() },
  // @ts-expect-error isTeammate is for Project
  policies: [allow("read", "x").when(isTeammate)],
});
// @ts-expect-error a user belongs to no tenant
entity("User", { tenant: false, fields: { email: text() }, policies: allow({ read: isMemberOfTenant }) });
// @ts-expect-error no command raed
entity("User", { fields: {}, policies: allow({ raed: isMemberOfTenant }) });
entity("Customer", {
  fields: { email: text() },
  // @ts-expect-error no field emial
  views: { list: view().columns(["emial"]) },
});
// @ts-expect-error a new field is unknown until the next generation
entity("Customer", { fields: { phone: text() }, policies: allow({ read: ({ row }) => row.phone.eq("1") }) });
// @ts-expect-error no option polices
entity("Customer", { fields: {}, polices: [] });
// @ts-expect-error money is no text: it has no max
entity("Customer", { fields: { credit: money().max(3) } });
// @ts-expect-error the default is no number
entity("Customer", { fields: { credit: money().default("much") } });
// @ts-expect-error the many side of nothing
entity("Customer", { fields: { names: array(text()) } });
// @ts-expect-error a computed money is no text
entity("Customer", { fields: { credit: money().computed(({ row }) => row.email) } });

// @ts-expect-error no state piad
rule<"Invoice">("x", ({ row }) => row.status.eq("piad"));
// @ts-expect-error money is no text
rule<"InvoiceLine">("x", ({ row }) => row.total.eq("a"));
// @ts-expect-error no role biling
rule("x", ({ actor }) => actor.hasRole("biling"));
// @ts-expect-error a JavaScript comparison is no expression
rule<"Invoice">("x", ({ row, actor }) => row.owner.id === actor.id);
// @ts-expect-error rows are compared by their ids
rule<"Invoice">("x", ({ row, actor }) => row.owner.eq(actor.id));

// @ts-expect-error no action pai
Invoice.on("pai");
// @ts-expect-error relations are not followed in stored columns
Invoice.updated(({ after }) => after.customer.email.eq("x"));
// @ts-expect-error no task send-reciept
task("send-reciept");
workflow("r", {
  on: Invoice.on("pay"),
  steps: (flow) =>
    flow
      .create("receipt", "Receipt", ({ event }) => ({ invoice: event.after.id }))
      // @ts-expect-error no result recipt
      .task("mail", "send-receipt", ({ record, recipt }) => ({ to: record.customer.email, receipt: recipt.id })),
});
workflow("r", {
  on: Invoice.on("pay"),
  // @ts-expect-error the task requires to and receipt
  steps: (flow) => flow.task("mail", "send-receipt", ({ record }) => ({ to: record.customer.email })),
});
workflow("r", {
  on: Invoice.on("pay"),
  // @ts-expect-error no entity Reciept
  steps: (flow) => flow.create("receipt", "Reciept", ({ record }) => ({ invoice: record.id })),
});
workflow("r", {
  on: Invoice.on("pay"),
  // @ts-expect-error amount is money
  steps: (flow) => flow.create("receipt", "Receipt", ({ record }) => ({ amount: record.number })),
});
workflow("r", {
  on: Invoice.on("pay"),
  // @ts-expect-error no input refrence
  steps: (flow) => flow.log("done", "paid", ({ event }) => ({ reference: event.input.refrence })),
});
workflow("r", {
  on: Invoice.created(),
  // @ts-expect-error no length of time
  retry: { initial: "two seconds" },
  steps: (flow) => flow.log("made", "is made"),
});

workflow("r", {
  on: Invoice.created(),
  steps: (flow) =>
    flow
      .approval("ask", { allow: ({ actor, flags, request }) => actor.can("reports.export").and(flags.betaBilling).and(request.time.gt("2026-01-01")) })
      // @ts-expect-error no flag betaBiling
      .log("flagged", "made", ({ flags }) => ({ on: flags.betaBiling }))
      // @ts-expect-error no request has caused a step
      .log("called", "made", ({ request }) => ({ ip: request.ip }))
      .start("sum", "sums", () => ({ n: 1 }), { wait: false })
      .start("month", "totals", () => ({ month: "2026-11", least: 5 }))
      // @ts-expect-error a process takes no mont
      .start("mont", "totals", () => ({ mont: "2026-11" }))
      // @ts-expect-error nobody waits for what it gives
      .log("sums", "made", ({ sum }) => ({ total: sum.output })),
});

/** As the declaration file says it of a process. */
declare module "enginejs" {
  interface Workflows {
    totals: { input: { month: Scalar<"text">; least?: Scalar<"bigint"> } };
  }
}

// @ts-expect-error no role membr
defineConfig({ roles: { member: {}, billing: { extends: ["membr"] } } });
// @ts-expect-error either a secret or a key set
defineConfig({ jwt: { secret: "s", jwks: "https://example.org" } });

defineTask({
  input: z.object({ to: z.email() }),
  output: z.object({ messageId: z.string() }),
  // @ts-expect-error the output has no id
  run: async ({ input }) => ({ id: input.to }),
});
defineTask({
  input: z.object({ to: z.email() }),
  // @ts-expect-error the input has no from
  run: async ({ input, log }) => log.info(input.from),
});
entity("Invoice", {
  fields: { status: state(["draft"], { initial: "draft" }) },
  // @ts-expect-error a rule of another entity, before a lambda
  actions: { pay: action().allow(isTeammate).guard(({ row }) => row.lines.size().gt(0)) },
});

// @ts-expect-error no action mvoe
entity("Folder", { fields: {}, policies: [allow("mvoe", "x").when(isBilling)], actions: { move: action() } });
// @ts-expect-error no command delte, denied
entity("Folder", { fields: {}, policies: deny({ delte: isBilling }) });
// @ts-expect-error isOwnFolder is for Folder
entity("Employee", { fields: {}, policies: [deny("update", "x").when(isOwnFolder)] });
// @ts-expect-error isOwnFolder is for Folder, also of what is left behind
entity("Employee", { fields: {}, policies: [allow("update", "x").when(isBilling).withCheck(isOwnFolder)] });
// @ts-expect-error no field opne, of what is left behind
entity("Folder", { fields: {}, policies: [allow("update", "x").when(isBilling).withCheck(({ row }) => row.opne)] });
// @ts-expect-error no flag betaBiling
allow("read", "x").flag("betaBiling");
// @ts-expect-error no flag betaBiling, in a condition
rule("x", ({ flags }) => flags.betaBiling);
// @ts-expect-error no claim temas
rule<"Folder">("x", ({ row, actor }) => row.team.id.in(actor.claims.temas));
// @ts-expect-error the claim is a list of ids
rule<"Folder">("x", ({ row, actor }) => row.open.in(actor.claims.teams));
// @ts-expect-error no kind robot
rule("x", ({ actor }) => actor.kind.eq("robot"));
// @ts-expect-error the request has no adress
rule("x", ({ request }) => request.adress.notNull());
// @ts-expect-error no action mvoe, of a role
can("Folder", "mvoe");
// @ts-expect-error no entity Foldr
can("Foldr", "read");
// @ts-expect-error no permission reports.exprot
can("reports.exprot");
// @ts-expect-error no action mvoe, of the actor
rule("x", ({ actor }) => actor.can("Folder", "mvoe"));
// @ts-expect-error a reference to another entity
rule<"Folder">("x", ({ row }) => row.ancestors("team").exists((f) => f.open));
// @ts-expect-error no field opne, of an ancestor
rule<"Folder">("x", ({ row }) => row.ancestors("parent").exists((f) => f.opne));
entity("Employee", {
  // @ts-expect-error no field uzer
  fields: { salary: money().readable(({ row, actor }) => row.uzer.id.eq(actor.id)) },
});
// @ts-expect-error a state has no read rule
entity("Invoice", { fields: { status: state(["draft"], { initial: "draft" }).readable(isBilling) } });
// @ts-expect-error no action py
defineConfig({ roles: { billing: { can: { Invoice: ["py"] } } } });
// @ts-expect-error no permission of the config
defineConfig({ permissions: { a: "x" }, roles: { billing: { permissions: ["b"] } } });
// @ts-expect-error no field membreships
defineConfig({ actor: { entity: "User", claims: { teams: ({ actor }) => actor.membreships.map((m) => m.team.id) } } });
// @ts-expect-error no event Invoice.creatd
on("Invoice.creatd", () => undefined);
// @ts-expect-error no action payed
on("Invoice.payed", () => undefined);
// @ts-expect-error no queue order-evnts
on("order-evnts", () => undefined);
on("order-events", ({ input }) => {
  // @ts-expect-error a message has no totl
  return input.totl;
});
on(orderEvents, ({ input }) => {
  // @ts-expect-error a total is a number
  return input.total.length;
});
// @ts-expect-error no field statu
on("Invoice.updated", () => undefined, { when: ({ after }) => after.statu.eq("paid") });
// @ts-expect-error no role biling
queue("typo", { publish: ["biling"] });
workflow("publishes", {
  on: orderEvents.received(),
  steps: (flow) => {
    // @ts-expect-error no queue order-evnts
    flow.publish("a", "order-evnts", () => ({ orderId: "1", total: 1, kind: "new" }));
    // @ts-expect-error a message needs a total
    flow.publish("b", orderEvents, () => ({ orderId: "1", kind: "new" }));
    // @ts-expect-error an id is no number
    flow.publish("c", "order-events", () => ({ orderId: 1, total: 1, kind: "new" }));
    // @ts-expect-error a message has no ordrId
    return flow.log("d", "seen", ({ input }) => ({ id: input.ordrId }));
  },
});

workflow("wrong", {
  on: Invoice.on("pay"),
  // @ts-expect-error the plugin has no such step
  steps: (flow) => flow.task("order", "acme/place-oder", ({ record }) => ({ sku: record.number, pieces: 3 })),
});
workflow("wrong", {
  on: Invoice.on("pay"),
  // @ts-expect-error the step takes an integer
  steps: (flow) => flow.task("order", "acme/place-order", ({ record }) => ({ sku: record.number, pieces: record.number })),
});
workflow("wrong", {
  on: Invoice.on("pay"),
  steps: (flow) =>
    flow
      .task("order", "acme/place-order", ({ record }) => ({ sku: record.number, pieces: 3 }))
      // @ts-expect-error the step gives no id
      .log("ordered", "ordered", ({ order }) => ({ id: order.id })),
});
workflow("wrong", {
  on: manual(z.object({ names: z.array(z.string()), lines: z.array(z.object({ qty: z.int() })) })),
  steps: (flow) =>
    flow.transform("sums", ({ input }) => ({
      // @ts-expect-error there is no sum of texts
      names: sum(input.names),
      // @ts-expect-error a line has no such member
      lines: sum(input.lines.map((line) => line.qyt)),
      // @ts-expect-error a text is compared to texts
      any: input.names.exists((name) => name.eq(1)),
    })),
});
// @ts-expect-error no token
acme({ team: "sales" });
definePlugin({
  name: "wrong",
  // @ts-expect-error there is no such key
  stpes: {},
});
definePlugin({
  name: "wrong",
  // @ts-expect-error a step is made by defineTask
  steps: { "place-order": async () => 1 },
});
definePlugin({
  name: "wrong",
  steps: {
    order: defineTask({
      input: z.object({ sku: z.string() }),
      output: z.object({ number: z.string() }),
      // @ts-expect-error the output is another one
      run: ({ input }) => ({ number: input.sku.length }),
    }),
  },
});
// @ts-expect-error a function that makes a plugin is none
defineConfig({ plugins: [acme] });
defineConfig({ plugins: [acme({ token: env("ACME_TOKEN") })] });
