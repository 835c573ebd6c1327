/** Fields with rules in GraphQL: they stand on their entity, null where hidden, and are written as a whole with it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { people, tenants } from "../dsl-to-sql/support/invoicing-database.ts";
import { employees, staff } from "../dsl-to-sql/support/personnel.ts";
import { ask, codeOf, type GraphqlAnswer } from "./support/served-invoicing.ts";
import { type ServedPersonnel, servedPersonnel, tokenFor } from "./support/served-personnel.ts";

let served: ServedPersonnel;
beforeAll(async () => {
  served = await servedPersonnel();
});
afterAll(() => served?.close());

type Person = "worker" | "manager" | "accountant" | "stranger";

async function as(person: Person, graphql: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer> {
  return ask(served.server, await tokenFor(staff[person]), graphql, variables);
}

const salaries = async (person: Person, args = ""): Promise<unknown> => {
  const { data, errors } = await as(person, `{ employees${args} { totalCount nodes { name salary } } }`);
  expect(errors).toEqual([]);
  const nodes = data.employees.nodes as { name: string; salary: string | null }[];
  return [data.employees.totalCount, ...nodes.map(({ name, salary }) => `${name} ${salary}`)];
};

test("an employee sees his own salary, the manager his team's, billing all", async () => {
  const order = "(orderBy: NAME_ASC)";
  expect(await salaries("worker", order)).toEqual([3, "accountant null", "manager null", "worker 1000"]);
  expect(await salaries("manager", order)).toEqual([3, "accountant null", "manager 2000", "worker 1000"]);
  expect(await salaries("accountant", order)).toEqual([3, "accountant 3000", "manager 2000", "worker 1000"]);
  expect(await salaries("stranger", order)).toEqual([1, "theirs 4000"]);
});

test("a filter finds by what the actor may see, and counts it", async () => {
  const more = '(filter: { salary: { greaterThan: "1500" } }, orderBy: NAME_ASC)';
  expect(await salaries("worker", more)).toEqual([0]);
  expect(await salaries("manager", more)).toEqual([1, "manager 2000"]);
  expect(await salaries("accountant", more)).toEqual([2, "accountant 3000", "manager 2000"]);
  const none = "(filter: { salary: { isNull: true } }, orderBy: NAME_ASC)";
  expect(await salaries("worker", none)).toEqual([2, "accountant null", "manager null"]);
  expect(await salaries("accountant", none)).toEqual([0]);
  const not = '(filter: { not: { salary: { equalTo: "3000" } } }, orderBy: NAME_ASC)';
  // Unknown is not false: what is hidden is in neither answer.
  expect(await salaries("worker", not)).toEqual([1, "worker 1000"]);
});

test("an order goes by what the actor may see, over pages too", async () => {
  expect(await salaries("accountant", "(orderBy: SALARY_DESC)")).toEqual([
    3,
    "accountant 3000",
    "manager 2000",
    "worker 1000",
  ]);
  expect(await salaries("worker", "(orderBy: [SALARY_ASC, NAME_ASC])")).toEqual([
    3,
    "worker 1000",
    "accountant null",
    "manager null",
  ]);
  const page = async (after: string | null) => {
    const { data, errors } = await as(
      "accountant",
      "query ($after: Cursor) { employees(first: 1, after: $after, orderBy: SALARY_DESC) { nodes { name } pageInfo { endCursor } } }",
      { after },
    );
    expect(errors).toEqual([]);
    return [data.employees.nodes[0]?.name, data.employees.pageInfo.endCursor] as const;
  };
  const [first, cursor] = await page(null);
  expect([first, (await page(cursor))[0]]).toEqual(["accountant", "manager"]);
});

test("side tables and the functions around them are not in the schema", async () => {
  const { data } = await as(
    "worker",
    "{ __schema { types { name } queryType { fields { name } } mutationType { fields { name } } } }",
  );
  const names = JSON.stringify(data);
  expect(names).not.toMatch(/EmployeeSalar|employeeSalar|EmployeeIban|employeeIban|EmployeeFields|employee_/);
  const fields = data.__schema.mutationType.fields.map((field: { name: string }) => field.name);
  expect(fields.filter((name: string) => /mployee/.test(name)).sort()).toEqual([
    "createEmployee",
    "deleteEmployee",
    "updateEmployee",
  ]);
});

test("inputs and payloads have the shape of every other entity's", async () => {
  const { data } = await as(
    "worker",
    `{
      create: __type(name: "CreateEmployeeInput") { inputFields { name } }
      input: __type(name: "EmployeeInput") { inputFields { name type { kind } } }
      patch: __type(name: "EmployeePatch") { inputFields { name } }
      payload: __type(name: "UpdateEmployeePayload") { fields { name } }
    }`,
  );
  const names = (type: string) =>
    data[type][type === "payload" ? "fields" : "inputFields"].map((f: { name: string }) => f.name);
  expect(names("create")).toEqual(["clientMutationId", "employee"]);
  expect(names("input").sort()).toEqual(
    ["badge", "grade", "hiredOn", "iban", "id", "managerId", "name", "personId", "salary"].sort(),
  );
  expect(names("patch").sort()).toEqual(["badge", "grade", "iban", "managerId", "name", "personId", "salary"].sort());
  expect(names("payload")).toEqual(expect.arrayContaining(["clientMutationId", "employee"]));
});

const CREATE = `mutation ($employee: EmployeeInput!) {
  createEmployee(input: { clientMutationId: "c", employee: $employee }) {
    clientMutationId employee { id name salary iban grade hiredOn manager { id } createdAt }
  }
}`;
const UPDATE = `mutation ($id: UUID!, $patch: EmployeePatch!) {
  updateEmployee(input: { clientMutationId: "u", id: $id, patch: $patch }) { clientMutationId employee { name salary iban grade } }
}`;

test("a row is made with its fields, and comes back with what its maker may see", async () => {
  const { data, errors } = await as("manager", CREATE, {
    employee: { name: 'it\'s "new" \\ $1', salary: "9007199254740993", managerId: people.owner, hiredOn: "2026-01-02" },
  });
  expect(errors).toEqual([]);
  const { id } = data.createEmployee.employee;
  expect(data.createEmployee).toEqual({
    clientMutationId: "c",
    employee: {
      id,
      name: 'it\'s "new" \\ $1',
      salary: "9007199254740993",
      iban: null,
      grade: 1,
      hiredOn: "2026-01-02",
      manager: { id: people.owner },
      createdAt: expect.any(String),
    },
  });
  const updated = await as("manager", UPDATE, { id, patch: { salary: "5", name: "n" } });
  expect(updated.data.updateEmployee).toEqual({
    clientMutationId: "u",
    employee: { name: "n", salary: "5", iban: null, grade: 1 },
  });
  const cleared = await as("manager", UPDATE, { id, patch: { salary: null } });
  expect(cleared.data.updateEmployee.employee).toEqual({ name: "n", salary: null, iban: null, grade: 1 });
  const deleted = await as(
    "accountant",
    "mutation ($id: UUID!) { deleteEmployee(input: { id: $id }) { employee { name salary } } }",
    { id },
  );
  expect([deleted.errors, deleted.data.deleteEmployee.employee]).toEqual([[], { name: "n", salary: null }]);
});

test("a refused field refuses the whole, and names its rule", async () => {
  const answer = await as("manager", UPDATE, { id: employees.worker, patch: { name: "changed", iban: "DE1" } });
  expect([answer.data, codeOf(answer), answer.errors[0]?.message, answer.errors[0]?.extensions]).toEqual([
    { updateEmployee: null },
    "EJS5031",
    "Employee.iban is for: billing only",
    expect.objectContaining({ rule: "billing only" }),
  ]);
  const made = await as("worker", CREATE, { employee: { name: "not to be", salary: "1" } });
  expect([codeOf(made), made.errors[0]?.message]).toEqual([
    "EJS5031",
    "Employee.salary is for: the manager and billing",
  ]);
  const graded = await as("manager", UPDATE, { id: employees.worker, patch: { grade: 3 } });
  expect([codeOf(graded), graded.errors[0]?.message]).toEqual(["EJS5031", "Employee.grade is for: billing grades"]);
  const { data } = await as("accountant", "{ employees { nodes { name grade } } }");
  expect(
    data.employees.nodes.map((node: { name: string; grade: number }) => `${node.name} ${node.grade}`).sort(),
  ).toEqual(["accountant 1", "manager 1", "worker 1"]);
});

test("what does not fit is told as of any field", async () => {
  const long = await as("accountant", UPDATE, { id: employees.worker, patch: { iban: "x".repeat(35) } });
  expect([codeOf(long), long.errors[0]?.message]).toEqual(["EJS5036", "iban must have at most 34 characters"]);
  const large = await as("accountant", UPDATE, { id: employees.worker, patch: { salary: "99999999999999999999" } });
  expect(codeOf(large)).toBe("EJS5038");
  const nobody = await as("accountant", UPDATE, { id: tenants.ours, patch: { salary: "1" } });
  expect(codeOf(nobody)).toBe("EJS5030");
  const theirs = await as("accountant", UPDATE, { id: employees.theirs, patch: { salary: "1" } });
  expect(codeOf(theirs)).toBe("EJS5030");
  const nothing = await as("accountant", UPDATE, { id: employees.worker, patch: {} });
  expect(codeOf(nothing)).toBe("EJS5024");
  const inline = await as(
    "accountant",
    `mutation { updateEmployee(input: { id: "${employees.worker}", patch: { salary: "1000" } }) { employee { salary } } }`,
  );
  expect(inline.data.updateEmployee.employee).toEqual({ salary: "1000" });
});

test("aliases, fragments and the same field in two places give one actor's answer", async () => {
  const { data, errors } = await as(
    "worker",
    `query { a: employees(orderBy: NAME_ASC) { nodes { ...f } } b: employee(id: "${employees.manager}") { ...f manager { id } } }
     fragment f on Employee { pay: salary again: salary iban }`,
  );
  expect(errors).toEqual([]);
  expect(data.a.nodes.map((node: { pay: string | null; again: string | null }) => [node.pay, node.again])).toEqual([
    [null, null],
    [null, null],
    ["1000", "1000"],
  ]);
  expect(data.b).toEqual({ pay: null, again: null, iban: null, manager: null });
});

test("two writes in one document are two transactions", async () => {
  const { data, errors } = await as(
    "manager",
    `mutation {
      one: updateEmployee(input: { id: "${employees.worker}", patch: { salary: "1100" } }) { employee { salary } }
      two: updateEmployee(input: { id: "${employees.worker}", patch: { iban: "DE" } }) { employee { salary } }
      three: updateEmployee(input: { id: "${employees.worker}", patch: { salary: "1000" } }) { employee { salary } }
    }`,
  );
  expect([data.one, data.two, data.three, errors.length]).toEqual([
    { employee: { salary: "1100" } },
    null,
    { employee: { salary: "1000" } },
    1,
  ]);
});
