import {
  action,
  allow,
  array,
  boolean,
  check,
  date,
  decimal,
  duration,
  entity,
  index,
  integer,
  json,
  max,
  money,
  now,
  ref,
  slug,
  state,
  sum,
  tabs,
  task,
  text,
  timestamp,
  uuid,
  view,
  when,
  workflow,
} from "enginejs";
import { canSend, isMemberOfTenant, isOwnerOrRole } from "../policies/rules.policy.ts";

export const Invoice = entity("Invoice", {
  fields: {
    id: uuid().primary(),
    number: slug().unique(),
    owner: ref("User")
      .required()
      .default(({ actor }) => actor.id),
    customer: ref("Customer").required(),
    lines: array(ref("InvoiceLine")),
    dueAt: timestamp(),
    openedOn: date(),
    rate: decimal(6, 4),
    notes: json(),
    urgent: boolean().default(false),
    subtotal: money().computed(({ lines }) => sum(lines.map((l) => l.total))),
    dearest: money().computed(({ lines }) => max(lines.map((l) => l.total))),
    reminder: timestamp().computed(({ row }) => row.dueAt.minus(duration("2d"))),
    status: state(["draft", "sent", "paid", "void"], { initial: "draft" }),
  },
  rules: { dueLater: check(({ row }) => row.dueAt.gt(row.createdAt), "must be due after it was made") },
  indexes: [index("customer", "dueAt").where(({ row }) => row.status.eq("sent"))],
  policies: allow({ read: isMemberOfTenant, write: isOwnerOrRole("billing") }),
  actions: {
    send: action().guard(canSend).effect(task("send-invoice")),
    pay: action({ input: { reference: text().max(80).required(), amount: integer() } })
      .from("sent")
      .to("paid")
      .allow(isOwnerOrRole("billing"))
      .effect(workflow("follow-up"))
      .guard(({ row, input }) => row.lines.size().gt(0).and(input.reference.ne("")), "needs a line"),
    void: action()
      .from("draft", "sent")
      .to("void")
      .allow(canSend)
      .guard(({ row }) => row.dueAt.gt(now()), "too late"),
  },
  views: {
    list: view().columns(["number", "customer", "subtotal", "status"]).filters(["status", "createdAt"]),
    detail: view().layout(tabs("Details", "Timeline")),
  },
});

entity("Customer", { fields: { email: text().required(), invoices: array(ref("Invoice")) } });

entity("InvoiceLine", {
  fields: {
    invoice: ref("Invoice").required().onDelete("cascade"),
    quantity: integer().required().default(1),
    price: money().required(),
    total: money().computed(({ row }) => when(row.quantity.gt(0), row.quantity.times(row.price), 0), { stored: true }),
  },
  policies: [
    allow("read", "members").when(isMemberOfTenant),
    allow(["create", "update"], "the owner").when(({ row, actor }) => row.invoice.owner.id.eq(actor.id)),
  ],
});

entity("Receipt", { fields: { invoice: ref("Invoice"), amount: money() } });
