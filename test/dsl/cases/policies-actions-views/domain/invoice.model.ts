import { action, allow, array, check, entity, index, rule, state, tabs, task, text, view, workflow } from "enginejs";

entity("Invoice", {
  describe: 5 as never,
  polices: [],
  meta: { size: 1n } as never,
  fields: {
    number: text(),
    status: state(["draft", "sent"], { initial: "draft" }),
  },
  rules: { Later: check(({ row }) => row.number.ne(""), "must have a number"), other: "x" as never },
  indexes: [index("numbr"), index(), "number" as never],
  policies: [
    allow("raed" as never, "members").when(rule("x", ({ actor }) => actor.id.notNull())),
    allow("read", "without a condition") as never,
    allow("read", "").when(({ actor }) => actor.id.notNull()),
    "everybody" as never,
  ],
  actions: {
    send: action().from("drafft").to("sent").effect(task("send-reciept")),
    pay: action().from("draft").effect(task("send-receipt")),
    resend: action().to("sent"),
    delete: action(),
    other: "x" as never,
    note: action({ input: { id: text(), text: text().default("a"), other: 3 as never } }).guard("always" as never),
    follow: action().effect(workflow("follow-up")),
    undo: action().effect("x" as never).allow(undefined as never),
  },
  views: {
    list: view().columns(["numbr", "status"]).filters("status" as never),
    detail: view().layout("tabs" as never),
    other: tabs("a") as never,
  },
});
entity("Customer", { fields: { name: text() }, actions: { close: action().from("open").to("closed") } });
