import {
  buildClientSchema,
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  isInputObjectType,
  isObjectType,
} from "postgraphile/graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, type ServedInvoicing, servedInvoicing } from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let schema: GraphQLSchema;
beforeAll(async () => {
  served = await servedInvoicing();
  const client = await served.database.client();
  // What somebody made by hand, and comments that look like PostGraphile's tags.
  await client.query(`
    create table app.stray (id int primary key, secret text);
    alter table app.invoice add column stray text;
    create function app.stray_function() returns int language sql stable return 1;
    create function app.invoice_stray(invoice app.invoice) returns text language sql stable return 'x';
    comment on table app.customer is E'@name Hacked\\nA comment';
    comment on column app.customer.name is E'@omit\\nA comment';
  `);
  const server = await served.serve();
  const { data } = await ask(server, undefined, getIntrospectionQuery());
  schema = buildClientSchema(data as IntrospectionQuery);
});
afterAll(() => served?.close());

const fieldsOf = (name: string) => {
  const type = schema.getType(name) as GraphQLObjectType | GraphQLInputObjectType | undefined;
  return type === undefined
    ? undefined
    : Object.fromEntries(Object.entries(type.getFields()).map(([field, { type }]) => [field, String(type)]));
};
const argumentsOf = (type: string, field: string) =>
  Object.fromEntries(
    ((schema.getType(type) as GraphQLObjectType).getFields()[field]?.args ?? []).map((arg) => [
      arg.name,
      String(arg.type),
    ]),
  );

describe("the schema", () => {
  test("offers each entity by id and as a list, and nothing else", () => {
    expect(fieldsOf("Query")).toEqual({
      customer: "Customer",
      customers: "CustomerConnection",
      invoice: "Invoice",
      invoiceLine: "InvoiceLine",
      invoiceLines: "InvoiceLineConnection",
      invoices: "InvoiceConnection",
      membership: "Membership",
      memberships: "MembershipConnection",
      receipt: "Receipt",
      receipts: "ReceiptConnection",
      refund: "Refund",
      refunds: "RefundConnection",
      team: "Team",
      teamMember: "TeamMember",
      teamMembers: "TeamMemberConnection",
      teams: "TeamConnection",
      tenant: "Tenant",
      tenants: "TenantConnection",
      user: "User",
      users: "UserConnection",
      webhookDeliveries: "[WebhookDelivery!]!",
      webhookEndpoints: "[WebhookEndpoint!]!",
      webhookEventTypes: "[String!]!",
      workflowApprovals: "[WorkflowApproval!]!",
      workflowDeadLetters: "[WorkflowDeadLetter!]!",
      workflowResult: "WorkflowResult",
      workflowRun: "WorkflowRun",
      workflowRuns: "[WorkflowRun!]!",
    });
    expect(argumentsOf("Query", "invoice")).toEqual({ id: "UUID!" });
    expect(argumentsOf("Query", "invoices")).toEqual({
      first: "Int",
      last: "Int",
      offset: "Int",
      before: "Cursor",
      after: "Cursor",
      filter: "InvoiceFilter",
      orderBy: "[InvoiceOrderBy!]",
    });
  });

  test("offers as mutations what some rule allows, and the actions", () => {
    expect(Object.keys(fieldsOf("Mutation") ?? {}).sort()).toEqual([
      "cancelWorkflowRun",
      "createCustomer",
      "createInvoice",
      "createInvoiceLine",
      "createReceipt",
      "createRefund",
      "createTeam",
      "createTeamMember",
      "createWebhookEndpoint",
      "decideWorkflowApproval",
      "deleteCustomer",
      "deleteInvoice",
      "deleteInvoiceLine",
      "deleteTeam",
      "deleteTeamMember",
      "deleteWebhookEndpoint",
      "forkWorkflowRun",
      "invoicesDraft",
      "pauseWorkflow",
      "pauseWorkflowRun",
      "payInvoice",
      "redeliverFailedWebhooks",
      "redeliverWebhook",
      "redriveWorkflowRuns",
      "refuseRefund",
      "resumeWorkflow",
      "resumeWorkflowRun",
      "retryWorkflowRun",
      "rotateWebhookSecret",
      "sendInvoice",
      "sendTestWebhook",
      "settleRefund",
      "skipWorkflowRun",
      "updateCustomer",
      "updateInvoice",
      "updateInvoiceLine",
      "updateTeam",
      "updateTeamMember",
      "updateUser",
      "updateWebhookEndpoint",
      "voidInvoice",
    ]);
  });

  test("names fields and relations as the model does; id is the id", () => {
    expect(fieldsOf("Invoice")).toEqual({
      id: "UUID!",
      tenantId: "UUID!",
      tenant: "Tenant",
      number: "String!",
      ownerId: "UUID!",
      owner: "User",
      customerId: "UUID!",
      customer: "Customer",
      lines: "InvoiceLineConnection!",
      refunds: "RefundConnection!",
      dueAt: "Datetime",
      margin: "BigInt",
      subtotal: "BigInt!",
      status: "String!",
      createdAt: "Datetime!",
      updatedAt: "Datetime!",
      _can: "Affordances",
    });
    expect(fieldsOf("Customer")).toMatchObject({ invoices: "InvoiceConnection!" });
    expect(fieldsOf("InvoiceLine")).toMatchObject({ invoice: "Invoice", total: "BigInt!" });
    expect(fieldsOf("Receipt")).toMatchObject({ invoice: "Invoice" });
  });

  test("takes as input what the model calls writable", () => {
    expect(fieldsOf("InvoiceInput")).toEqual({
      number: "String!",
      ownerId: "UUID",
      customerId: "UUID!",
      dueAt: "Datetime",
      margin: "BigInt",
    });
    expect(fieldsOf("InvoicePatch")).toEqual({
      number: "String",
      ownerId: "UUID",
      customerId: "UUID",
      dueAt: "Datetime",
      margin: "BigInt",
    });
    expect(fieldsOf("InvoiceLineInput")).toEqual({
      invoiceId: "UUID!",
      description: "String!",
      quantity: "Int",
      price: "BigInt!",
    });
    expect(fieldsOf("UserPatch")).toEqual({ name: "String", email: "String" });
    expect(fieldsOf("CreateInvoiceInput")).toEqual({ clientMutationId: "String", invoice: "InvoiceInput!" });
    expect(fieldsOf("UpdateInvoiceInput")).toEqual({ clientMutationId: "String", id: "UUID!", patch: "InvoicePatch!" });
    expect(fieldsOf("DeleteInvoiceInput")).toEqual({ clientMutationId: "String", id: "UUID!" });
    expect(fieldsOf("PayInvoiceInput")).toEqual({ clientMutationId: "String", id: "UUID!" });
  });

  test("answers a mutation with the row", () => {
    for (const payload of [
      "CreateInvoicePayload",
      "UpdateInvoicePayload",
      "DeleteInvoicePayload",
      "PayInvoicePayload",
    ]) {
      expect(fieldsOf(payload)).toEqual({ clientMutationId: "String", invoice: "Invoice" });
    }
  });

  test("has the tenant in no input, filter or order", () => {
    for (const type of Object.values(schema.getTypeMap())) {
      if (isInputObjectType(type)) expect(Object.keys(type.getFields()), type.name).not.toContain("tenantId");
    }
    expect(JSON.stringify(schema.getType("InvoiceOrderBy")?.toConfig())).not.toMatch(/tenant/i);
  });

  test("has none of the core, of helpers, of node ids, or of what was made by hand", () => {
    const names = Object.values(schema.getTypeMap()).flatMap((type) => [
      type.name,
      ...(isObjectType(type) || isInputObjectType(type) ? Object.keys(type.getFields()) : []),
    ]);
    const foreign =
      /stray|hacked|nodeId|rowId|enginejs|outbox|workflow_?(definition|event|run_?s?(active|parked|finished)|segment|signal|subscription|wait|worker)|helper|build/i;
    expect(names.filter((name) => foreign.test(name))).toEqual([]);
    expect(Object.keys(schema.getTypeMap())).not.toContain("Node");
  });

  test("has the model's descriptions, not the database's comments", () => {
    expect(schema.getType("Invoice")?.description).toBe("A bill to one customer");
    expect(schema.getType("Customer")?.description).toBe("Whom a company sends its invoices to");
    expect(fieldsOf("Customer")).toHaveProperty("name");
  });
});
