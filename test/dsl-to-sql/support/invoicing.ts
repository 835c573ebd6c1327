/** A domain like the one of examples/invoicing, with everything that policies and actions can ask. */
import type { System } from "../../../src/model/index.ts";
import { buildSystem, type EntityOptions, many, one, scalar, state, text } from "./system-builder.ts";

const members = "row.tenant.id == actor.tenantId";
const ownerOrBilling = 'row.owner.id == actor.id || "billing" in actor.roles';

export const invoicingEntities: Readonly<Record<string, EntityOptions>> = {
  Tenant: {
    tenant: false,
    fields: { name: { type: text(200), required: true }, memberships: { type: many("Membership", "tenant") } },
    policies: [[["read"], "members see their company", "row.id == actor.tenantId"]],
  },
  User: {
    tenant: false,
    fields: {
      name: { type: text(200), required: true },
      email: { type: text(320), required: true, unique: true },
      memberships: { type: many("Membership", "user") },
    },
    policies: [
      [
        ["read"],
        "people see themselves and their colleagues",
        "row.id == actor.id || row.memberships.exists(m, m.tenant.id == actor.tenantId)",
      ],
      [["update"], "people edit themselves", "row.id == actor.id"],
    ],
  },
  Membership: {
    fields: {
      user: { type: one("User"), required: true, unique: true },
      roles: { type: scalar("roles"), required: true },
    },
    policies: [
      [
        ["read"],
        "people see their own memberships and their colleagues'",
        "row.user.id == actor.id || row.tenant.id == actor.tenantId",
      ],
    ],
  },
  Customer: {
    events: true,
    fields: {
      name: { type: text(200), required: true, index: true },
      email: { type: text(320), required: true },
      invoices: { type: many("Invoice", "customer") },
    },
    policies: [
      [["read"], "members of the tenant", members],
      [["create", "update", "delete"], "billing only", '"billing" in actor.roles'],
    ],
  },
  Invoice: {
    events: true,
    description: "A bill to one customer",
    fields: {
      number: { type: scalar("slug"), required: true, unique: true },
      owner: { type: one("User"), required: true, default: { kind: "expression", expression: "actor.id" } },
      customer: { type: one("Customer"), required: true },
      lines: { type: many("InvoiceLine", "invoice") },
      dueAt: { type: scalar("timestamp") },
      subtotal: { type: scalar("money"), required: true, virtual: "row.lines.map(line, line.total).sum()" },
      status: { type: state(["draft", "sent", "paid", "void"], "draft") },
    },
    rules: { dueLater: { expression: "row.dueAt > row.createdAt", message: "must be due after it was made" } },
    policies: [
      [["read"], "members of the tenant", members],
      [["create", "update", "delete"], "the owner or billing", ownerOrBilling],
    ],
    actions: {
      send: {
        transition: { field: "status", from: ["draft"], to: "sent" },
        guards: [{ expression: "row.lines.size() > 0", message: "needs a line" }],
      },
      pay: {
        transition: { field: "status", from: ["sent"], to: "paid" },
        allow: { name: "the owner or billing", expression: ownerOrBilling },
        input: { reference: { type: text(80) } },
      },
      void: { transition: { field: "status", from: ["draft", "sent"], to: "void" } },
      remind: { input: { note: { type: text(20), required: true } } },
    },
  },
  InvoiceLine: {
    events: true,
    fields: {
      invoice: { type: one("Invoice", "cascade"), required: true },
      description: { type: text(500), required: true },
      quantity: { type: scalar("integer"), required: true, default: { kind: "value", value: 1 } },
      price: { type: scalar("money"), required: true },
      total: { type: scalar("money"), generated: "row.quantity * row.price" },
    },
    rules: { positive: { expression: "row.quantity > 0", message: "the quantity must be positive" } },
    policies: [
      [["read"], "members of the tenant", members],
      [
        ["create", "update", "delete"],
        "the invoice's owner or billing, while it is a draft",
        'row.invoice.status == "draft" && (row.invoice.owner.id == actor.id || "billing" in actor.roles)',
      ],
    ],
  },
};

export const invoicing = (): System => buildSystem({ tenancy: true, entities: invoicingEntities });
