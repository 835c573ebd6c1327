/** What calling a workflow compiles into, and the names that it may not take. */
import { expect, test } from "vitest";
import { compile, isProcessFunction, notCallable } from "../../src/dsl-to-sql/index.ts";
import type { EngineError } from "../../src/errors/engine-error.ts";
import type { System, Workflow } from "../../src/model/index.ts";
import { charge, hidden, placeOrder, report } from "../server/support/callable-workflows.ts";
import { invoicingBuild } from "../support/invoicing-system.ts";

const { system } = await invoicingBuild();
const withWorkflows = (...workflows: Workflow[]): System => ({ ...system, workflows });

test("a name that the API has already ends the build, and says whose it is", () => {
  const taken = ["pay-invoice", "create.customer", "invoice", "pause-workflow"].map((name) => ({ ...report, name }));
  let found: EngineError | undefined;
  try {
    compile(
      withWorkflows(
        ...taken,
        { ...report, name: "a.b" },
        { ...report, name: "a-b" },
        { ...hidden, name: "void-invoice" },
      ),
    );
  } catch (error) {
    found = error as EngineError;
  }
  expect(found?.diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'EJS3001 The workflow a.b and the workflow a-b would both become the mutation "aB" in GraphQL.',
    'EJS3001 The workflow create.customer and the entity Customer would both become the mutation "createCustomer" in GraphQL.',
    'EJS3001 The workflow invoice and the entity Invoice would both become the type "InvoiceInput" in GraphQL.',
    'EJS3001 The workflow pause-workflow and the core would both become the mutation "pauseWorkflow" in GraphQL.',
    'EJS3001 The workflow pay-invoice and the entity Invoice would both become the mutation "payInvoice" in GraphQL.',
  ]);
});

test("only what is synchronous, runs as its caller and needs nothing but the database is a function", () => {
  expect(isProcessFunction(placeOrder)).toBe(true);
  const others: Workflow[] = [charge, report, { ...placeOrder, as: "system" }, { ...placeOrder, execution: "async" }];
  expect(others.filter(isProcessFunction)).toEqual([]);
  const functions = (workflow: Workflow) =>
    compile(withWorkflows(workflow)).statements.filter(({ id }) => id === "function app.orders_place(jsonb)");
  expect(functions({ ...placeOrder, as: "system" })).toEqual([]);
  const [made, ...more] = functions(placeOrder);
  expect(more).toEqual([]);
  expect(made?.sql).not.toMatch(/security definer|set_config|execute/i);
});

test("what nobody can start over the API is named", () => {
  expect(
    notCallable(
      withWorkflows(hidden, report, charge, placeOrder, { ...charge, name: "b", trigger: { kind: "manual" } }),
    ),
  ).toEqual(["b", "hidden"]);
});
