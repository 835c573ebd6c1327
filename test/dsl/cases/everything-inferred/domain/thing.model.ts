import { action, allow, array, bigint, boolean, check, date, decimal, entity, index, integer, json, money, ref, roles, slug, state, task, text, timestamp, uuid } from "enginejs";

export const Thing = entity("Thing", {
  describe: "A thing. It's \"quoted\", back\\slashed and costs $$.",
  table: "things",
  events: true,
  meta: { icon: "box", order: [3, 1, 2] },
  fields: {
    id: uuid().primary().describe("its key"),
    code: slug().max(20).unique().required(),
    label: text().min(1).max(80).pattern(/^[^"\\$]+$/).index(),
    count: integer().required().default(0),
    large: bigint().default(9_007_199_254_740_993n),
    rate: decimal(6, 4).default("1.50"),
    price: money("EUR").immutable(),
    active: boolean().default(true),
    madeOn: date().default("2026-06-01"),
    seenAt: timestamp().default("2026-06-01T12:00:00Z"),
    notes: json().default({ a: [1] }),
    tags: roles().default(["member"]),
    customer: ref("Customer").onDelete("set null"),
    parent: ref("Thing"),
    children: array(ref("Thing")),
    aRatherLongNameOfAFieldThatStillFitsIntoAColumn: text().max(10).unique(),
    worth: money().computed(({ row }) => row.price.times(row.count)),
    double: integer().computed(({ row }) => row.count.times(2), { stored: true }).index(),
    status: state(["new", "old"], { initial: "new" }).index(),
  },
  rules: { counted: check(({ row }) => row.count.gte(0), 'must not be "negative"') },
  indexes: [
    index("customer", "seenAt").where(({ row }) => row.status.eq("new")),
    index("customer", "seenAt").where(({ row }) => row.status.eq("old")),
  ],
  policies: [
    allow("update", "customers and who counts").when(({ row, actor }) => row.customer.user.id.eq(actor.id).or(row.count.gt(5))),
    allow(["delete", "read"], "members with an active thing").when(({ row, actor }) => row.active.and(actor.hasRole("member"))),
  ],
  actions: {
    age: action({ input: { reason: text().max(80).required() } }).describe("Makes it old").from("new").to("old").effect(task("notify")),
    count: action().guard(({ row }) => row.active, "must be active").guard(({ row, input }) => row.count.lt(10)),
  },
});

entity("Customer", { fields: { user: ref("User").required().unique(), things: array(ref("Thing")) } });
entity("AnEntityWithARatherLongNameThatFits", { fields: { thing: ref("Thing"), aRatherLongNameOfAReference: ref("Thing"), } });
entity("Country", { tenant: false, events: false, fields: { code: slug().unique() } });
