/** Workflows and processes over the example's model that the tests of calling start: each of another kind. */
import type { Workflow } from "../../../src/model/index.ts";

const base = {
  version: 1,
  type: "orchestrated",
  as: "inherit",
  retry: { attempts: 1, backoff: "fixed", initialMs: 50, maxMs: 50 },
} as const;

const amount = { type: "integer", minimum: 0, maximum: 1_000_000 };

/** Pure database work: a customer (billing only), a draft for it, and a line where it is worth it. */
export const placeOrder: Workflow = {
  ...base,
  name: "orders.place",
  description: "Makes a customer and a draft for him.",
  type: "database",
  execution: "sync",
  trigger: { kind: "manual" },
  input: {
    type: "object",
    properties: {
      number: { type: "string", minLength: 1 },
      customer: { type: "string", minLength: 1 },
      amount,
      lines: { type: "array", items: { type: "object", properties: { price: amount }, required: ["price"] } },
    },
    required: ["number", "customer", "amount"],
    additionalProperties: false,
  },
  outputs: {
    placed: {
      type: "object",
      properties: {
        id: { type: "string", format: "uuid" },
        total: { type: "integer" },
        size: { enum: ["small", "large"], type: "string" },
      },
      required: ["id", "total", "size"],
    },
    nothing: { type: "object", properties: { why: { type: "string" } }, required: ["why"] },
  },
  errors: { Unlucky: { type: "object", properties: { total: { type: "integer" } } } },
  nodes: [
    { id: "start", kind: "start" },
    { id: "any", kind: "branch", cases: [{ port: "yes", when: "input.amount > 0" }], else: "no" },
    {
      id: "customer",
      kind: "crud.create",
      entity: "Customer",
      values: { name: "input.customer", email: "input.customer" },
    },
    { id: "price", kind: "transform", values: { total: "input.amount * 2" } },
    {
      id: "invoice",
      kind: "crud.create",
      entity: "Invoice",
      values: { number: "input.number", customer: "customer.id" },
    },
    {
      id: "large",
      kind: "branch",
      cases: [
        { port: "unlucky", when: "price.total == 26" },
        { port: "yes", when: "price.total > 1000" },
      ],
      else: "no",
    },
    {
      id: "line",
      kind: "crud.create",
      entity: "InvoiceLine",
      values: { invoice: "invoice.id", description: "input.number", price: "price.total" },
    },
    {
      id: "size",
      kind: "merge",
      cases: [
        { from: "line", value: '"large"' },
        { from: "large", port: "no", value: '"small"' },
      ],
      schema: { type: "string" },
    },
    { id: "unlucky", kind: "fail", error: "Unlucky", message: "not on a Friday", values: { total: "price.total" } },
    { id: "done", kind: "end", output: "placed", values: { id: "invoice.id", total: "price.total", size: "size" } },
    { id: "none", kind: "end", output: "nothing", values: { why: "input.customer" } },
  ],
  edges: [
    { from: "start", to: "any" },
    { from: "any", port: "no", to: "none" },
    { from: "any", port: "yes", to: "customer" },
    { from: "any", port: "yes", to: "price" },
    { from: "customer", to: "invoice", input: "customer" },
    { from: "price", to: "invoice", input: "price" },
    { from: "invoice", to: "large" },
    { from: "large", port: "unlucky", to: "unlucky" },
    { from: "large", port: "yes", to: "line" },
    { from: "large", port: "no", to: "size" },
    { from: "line", to: "size" },
    { from: "size", to: "done" },
  ],
};

/** Synchronous, with a task: a run that the caller waits for. */
export const charge: Workflow = {
  ...base,
  name: "charge-card",
  execution: "sync",
  trigger: { kind: "manual", roles: ["billing"] },
  input: { type: "object", properties: { amount }, required: ["amount"] },
  outputs: {
    charged: { type: "object", properties: { paid: { type: "integer" } }, required: ["paid"] },
    free: { type: "object", properties: {}, required: [] },
  },
  errors: { CardDeclined: { type: "object", properties: { reason: { type: "string" } } } },
  nodes: [
    { id: "start", kind: "start" },
    { id: "bank", kind: "task", task: "bank", input: { amount: "input.amount" } },
    {
      id: "which",
      kind: "branch",
      cases: [
        { port: "declined", when: "input.amount > 1000" },
        { port: "free", when: "input.amount == 0" },
      ],
      else: "ok",
    },
    { id: "declined", kind: "fail", error: "CardDeclined", values: { reason: '"too much"' } },
    { id: "done", kind: "end", output: "charged", values: { paid: "input.amount" } },
    { id: "free", kind: "end", output: "free", values: {} },
  ],
  edges: [
    { from: "start", to: "bank" },
    { from: "bank", to: "which" },
    { from: "which", port: "declined", to: "declined" },
    { from: "which", port: "free", to: "free" },
    { from: "which", port: "ok", to: "done" },
  ],
};

/** Who may start it is an expression; nobody waits for it. */
export const report: Workflow = {
  ...base,
  name: "report",
  execution: "async",
  trigger: { kind: "manual", allow: '"billing" in actor.roles && input.month != "2026-13"' },
  input: { type: "object", properties: { month: { type: "string" } }, required: ["month"] },
  nodes: [
    { id: "start", kind: "start" },
    { id: "note", kind: "transform", values: { month: "input.month" } },
    { id: "end", kind: "end" },
  ],
  edges: [
    { from: "start", to: "note" },
    { from: "note", to: "end" },
  ],
};

/** Nobody starts it over the API. */
export const hidden: Workflow = { ...report, name: "hidden", trigger: { kind: "manual" } };

/** What no name, text or constant may break out of. */
export const hostile = `it's "quoted"\n$$ $function$ \\ */ -- end; ${"ü".repeat(40)}`;

/** Takes anything, and gives it back. */
export const echo: Workflow = {
  ...base,
  name: "echo",
  description: hostile,
  execution: "sync",
  trigger: { kind: "manual" },
  outputs: { output: {} },
  nodes: [
    { id: "start", kind: "start" },
    { id: "say", kind: "transform", values: { text: JSON.stringify(hostile) } },
    { id: "end", kind: "end", values: { given: "input", text: "say.text" } },
  ],
  edges: [
    { from: "start", to: "say" },
    { from: "say", to: "end" },
  ],
};
