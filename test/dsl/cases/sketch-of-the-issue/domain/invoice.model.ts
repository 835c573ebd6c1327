import { type Effect, action, allow, array, entity, money, ref, rule, slug, state, sum, tabs, task, uuid, view, workflow } from "enginejs";
import type { Has, One, RoleName } from "enginejs";

const isMemberOfTenant = rule("member of the tenant", ({ row, actor }) => row.tenant.id.eq(actor.tenantId));
const isOwnerOrRole = (role: RoleName) =>
  rule<Has<{ customer: One<"Customer"> }>>(`owner or ${role}`, ({ row, actor }) =>
    row.customer.owner.id.eq(actor.id).or(actor.hasRole(role)),
  );
const canSend = rule<"Invoice">("has a line", ({ row }) => row.lines.size().gt(0));
const canPay = isOwnerOrRole("billing");
const canVoid = canSend;
const sendEmail: Effect = task("send-email");
const chargeProvider: Effect = workflow("charge-provider");

entity("Invoice", {
  fields: { id: uuid().primary(), number: slug().unique(), customer: ref("Customer").required(), lines: array(ref("InvoiceLine")),
    subtotal: money().computed(({ lines }) => sum(lines.map(l => l.total))),
    status: state(["draft", "sent", "paid", "void"], { initial: "draft" }) },
  policies: allow({ read: isMemberOfTenant, write: isOwnerOrRole("billing") }),
  actions: { send: action().guard(canSend).effect(sendEmail), pay: action().guard(canPay).effect(chargeProvider), void: action().guard(canVoid) },
  views: { list: view().columns(["number", "customer", "subtotal", "status"]).filters(["status", "customer"]), detail: view().layout(tabs("Details", "Timeline")) },
});

entity("Customer", { fields: { owner: ref("User").required() } });
entity("InvoiceLine", { fields: { invoice: ref("Invoice").required(), total: money() } });
