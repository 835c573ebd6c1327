import {
  action,
  allow,
  array,
  check,
  deny,
  entity,
  money,
  ref,
  slug,
  state,
  sum,
  tabs,
  task,
  timestamp,
  uuid,
  view,
} from "enginejs";
import { hasRole, isMemberOfTenant, isOwnerOrRole } from "../policies/rules.policy.ts";

export const Invoice = entity("Invoice", {
  describe: "A bill to one customer",
  fields: {
    id: uuid().primary(),
    number: slug().unique().required(),
    owner: ref("User")
      .required()
      .default(({ actor }) => actor.id),
    customer: ref("Customer").required(),
    lines: array(ref("InvoiceLine")),
    refunds: array(ref("Refund")),
    dueAt: timestamp(),
    margin: money().readable(hasRole("billing"), "billing"),
    subtotal: money().computed(({ lines }) => sum(lines.map((line) => line.total))),
    status: state(["draft", "sent", "paid", "void"], { initial: "draft" }),
  },
  rules: {
    dueLater: check(({ row }) => row.dueAt.gt(row.createdAt), "must be due after it was made"),
  },
  policies: [
    allow({ read: isMemberOfTenant, write: isOwnerOrRole("billing") }),
    deny("delete", "only drafts are deleted").when(({ row }) => row.status.ne("draft")),
  ],
  actions: {
    send: action()
      .from("draft")
      .to("sent")
      .effect(task("send-invoice"))
      .guard(({ row }) => row.lines.size().gt(0), "needs a line"),
    pay: action().from("sent").to("paid").allow(isOwnerOrRole("billing")),
    void: action().from("draft", "sent").to("void"),
  },
  views: {
    list: view().columns(["number", "customer", "subtotal", "status"]).filters(["status", "customer"]),
    detail: view().layout(tabs("Details", "Timeline")),
  },
});
