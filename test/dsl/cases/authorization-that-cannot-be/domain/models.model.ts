import {
  action,
  allow,
  array,
  boolean,
  can,
  check,
  deny,
  entity,
  index,
  integer,
  json,
  money,
  ref,
  roles,
  rule,
  slug,
  state,
  text,
  timestamp,
  uuid,
} from "enginejs";

const everybody = rule("everybody", ({ actor }) => actor.id.notNull());

entity("Tenant", { tenant: false, fields: { name: text() } });
entity("User", { tenant: false, fields: { memberships: array(ref("Membership")), boss: ref("User"), notes: json() } });
entity("Membership", { fields: { user: ref("User").required(), team: ref("Team"), roles: roles().required() } });
entity("Team", { fields: { lead: ref("User") } });

// biome-ignore lint/suspicious/noExplicitAny: every symbol is allowed here, the compiler says which are wrong
type Any = any;

entity("Invoice", {
  fields: {
    id: uuid().primary().writable(everybody),
    parent: ref("Invoice"),
    team: ref("Team").readable(everybody),
    teams: (array(ref("Team")) as Any).via("invoice"),
    number: text().unique().readable(everybody),
    code: slug().index().readable(everybody),
    allowed: roles().readable(everybody),
    status: (state(["new", "old"], { initial: "new" }) as Any).readable(everybody),
    total: money().readable(everybody, ""),
    gross: (money().computed(({ row }: Any) => row.total.times(2)) as Any).readable(everybody),
    net: (money().readable(everybody) as Any).computed(({ row }: Any) => row.total, { stored: true }),
    fixed: (text().immutable() as Any).writeOnce(),
    once: text().required().writeOnce(),
    wrong: text().readable(({ row }: Any) => row.ownr.id.notNull()),
    both: text().readable(({ actor, row }: Any) => actor.id.notNull() && row.total.gt(1)),
    nothing: text().writable(undefined as never),
    seen: timestamp(),
  },
  rules: { positive: check(({ row }) => row.total.gt(0), "must be positive") },
  indexes: [index("total")],
  policies: [
    allow("read", "by claims").when(({ row, actor }: Any) => row.team.id.in(actor.claims.temas)),
    allow("read", "by broken claims").when(({ row, actor }: Any) => row.team.id.in(actor.claims.teams)),
    allow("read", "by flags").when((({ flags }: Any) => flags.betaBiling) as never),
    allow("read", "by kind").when((({ actor }: Any) => actor.kind.eq("robot")) as never),
    allow("read", "by request").when((({ request }: Any) => request.adress.eq("::1")) as never),
    allow("read", "flagged").flag("betaBiling" as never).when(everybody),
    allow("read", "late").from("yesterday").until("2026-13-01").when(everybody),
    allow("read", "backwards").from("2026-12-01").until("2026-11-01").consent("").when(everybody),
    allow("update", "may pay").when(can("Invoice", "payy" as never)),
    allow("update", "may pay, too").when(can("invioce" as never, "pay" as never)),
    allow("update", "may export").when(can("reports.exprot" as never)),
    allow("update", "may anything").when((({ actor }: Any) => actor.can()) as never),
    allow("update", "above").when((({ row }: Any) => row.ancestors("parnt").exists((f: Any) => f.seen.isNull())) as never),
    allow("update", "above a team").when((({ row }: Any) => row.ancestors("team").size().gt(1)) as never),
    allow("update", "above all").when((({ row }: Any) => row.ancestors().size().gt(1)) as never),
    allow("update", "by either").when((({ flags, request }: Any) => flags.betaBilling || request.ip.isNull()) as never),
    allow(["create", "update"], "leaves behind").withCheck(everybody).when(everybody),
    allow("read", "reads behind").when(everybody).withCheck(everybody),
    allow("pay", "pays behind").when(everybody).withCheck(everybody),
    allow("create", "by a field that is elsewhere").when(({ row }: Any) => row.total.gt(1)),
    allow("create", "by a field that is made of it").when(({ row }: Any) => row.gross.gt(1)),
    allow("create", "by itself and those above").when(({ row }: Any) =>
      row.selfAndAncestors("parent").filter((i: Any) => i.seen.isNull()).all((i: Any) => i.total.gt(1)),
    ),
    allow("pya" as never, "misspelt").when(everybody),
    deny("raed" as never, "misspelt, too").when(everybody),
    allow({ read: everybody }),
    deny({ read: everybody }),
    deny("delete", "without a condition") as never,
  ],
  actions: {
    pay: action({ input: { secret: text().readable(everybody), amount: integer() } }),
  },
});

entity("InvoiceTotal", {
  fields: { open: boolean() },
  policies: [
    allow("read", "everybody reads").when(everybody),
    deny(["delete", "close"], "stays").when(everybody),
    deny("read", "but not this").when(({ row }) => row.open.not()),
  ],
  actions: { close: action() },
});
