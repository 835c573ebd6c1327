import { array, bigint, decimal, entity, integer, json, money, ref, roles, slug, state, text, timestamp, uuid } from "enginejs";

entity("Thing", {
  fields: {
    id: integer(),
    createdAt: text(),
    tenant: ref("User"),
    noField: "text" as never,
    notCalled: text as never,
    status: state(["draft", "sent", "draft"], { initial: "drft" as never }),
    empty: state([], { initial: "a" as never }),
    amount: money("euro"),
    rate: decimal(2, 4),
    code: text().max(0).min(3),
    short: text().max(2).min(3),
    zip: text().pattern(/^\d{5}$/),
    letters: text().pattern(/^[a-z]$/i),
    owner: ref("User").required().onDelete("set null"),
    gone: ref("User").onDelete("explode" as never),
    key: text().primary(),
    count: integer().default(1.5),
    large: bigint().default(2n ** 70n),
    name: slug().default("a".repeat(101)),
    since: timestamp().default("yesterday"),
    notes: json().unique(),
    mine: roles().default(["biling"]),
    things: array(ref("Part")).unique(),
    state: state(["a"], { initial: "a" }).required(),
    price: money().computed(({ row }) => row.count, { stored: true }).max(3),
    sum: money().index().computed(({ row }) => row.count),
  },
});
entity("Part", { fields: { thing: ref("Thing"), key: uuid().default("not a uuid") } });
