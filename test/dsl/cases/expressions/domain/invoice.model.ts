import { allow, array, check, entity, integer, money, now, ref, state, sum, text, timestamp } from "enginejs";
import { either, isOwner, throws } from "../policies/rules.policy.ts";

const missing = undefined as never;

entity("Invoice", {
  fields: {
    owner: ref("User").default(({ row }) => row.id),
    by: ref("User").default(({ actor }) => actor.nme),
    dueAt: timestamp(),
    lines: array(ref("InvoiceLine")),
    subtotal: money().computed(({ lines }) => sum(lines.map((line) => line.totl))),
    count: integer().computed(({ row }) => row.count),
    name: text().computed(({ lines }) => lines.size()),
    net: money().computed(({ lines }) => sum(lines.map((line) => line.total)), { stored: true }),
    nothing: money().computed(() => undefined),
    compared: money().computed(({ row }) => (row.dueAt ? row.subtotal : 0)),
    status: state(["draft", "sent"], { initial: "draft" }),
  },
  rules: {
    later: check(({ row }) => row.dueAt.gt(now()), "must be due in the future"),
    owned: check(({ row, actor }) => row.owner.id.eq(actor.id), "must be owned"),
    known: check(({ row }) => row.owner.email.eq("a"), "must be known"),
    sent: check(({ row }) => row.status.eq("snet"), "must be sent"),
    both: check(({ row }) => row.status === "draft" && !row.dueAt.isNull(), "must be a draft"),
  },
  policies: [
    allow("read", "the owner").when(isOwner),
    allow("create", "either").when(either),
    allow("update", "throws").when(throws),
    allow("delete", "missing").when(missing),
    allow("read", "members").when(({ row, actor }) => row.tenat.id.eq(actor.tenantId).or(actor.hasRole("biling"))),
    allow("update", "many").when(({ row }) => row.lines.total.gt(0)),
    allow("update", "method").when(({ row }) => row.status.equals("draft")),
    allow("update", "value").when(({ row }) => `${row.status}` as never),
    allow("update", "outside").when(({ rwo, actor }) => rwo.id.eq(actor.id)),
    allow("update", "promise").when((async () => true) as never),
  ],
});
entity("InvoiceLine", {
  fields: { invoice: ref("Invoice").required(), total: money() },
  policies: allow({ read: either, write: ({ row }) => row.total }),
});
