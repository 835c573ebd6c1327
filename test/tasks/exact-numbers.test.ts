/** Integers beyond 2^53 and long decimals: unchanged from an event and a row through every step, and what code gets of them. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { z } from "zod";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { ensureLogins } from "../../src/database/logins.ts";
import { defineTask } from "../../src/dsl/task.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import type { WorkflowNode } from "../../src/model/index.ts";
import { loadProject } from "../../src/project/load-project.ts";
import { exactNumbersAsText, exactText, parseExactly, stringifyExactly } from "../../src/tasks/exact-json.ts";
import { type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import { config, makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { workflowOf } from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";

const BIG = "9007199254740993";
const EXACT = "1234567890123456789012345678.0123456789";

describe("JSON", () => {
  test.each([
    BIG,
    `-${BIG}`,
    EXACT,
    "0.12345678901234567890",
    "1e400",
    "9007199254740992",
    "100000000000000000000",
    "123456789012345678901234567890",
  ])("%s is kept", (text) => {
    const value = parseExactly(`{"a":[${text}],"b":"${text}"}`);
    expect(JSON.stringify(value)).toBe(`{"a":[${text}],"b":"${text}"}`);
    expect(exactNumbersAsText(value)).toEqual({ a: [text], b: text });
    expect(exactNumbersAsText(value, [["b"], ["a", 0]])).toEqual({ a: [Number(text)], b: text });
  });

  test.each(["10.00", "-1.50", "0.0", "0.1000000000000000000000"])(
    "%s keeps its zeros, and is a number for code",
    (text) => {
      const value = parseExactly(`{"a":[${text}],"b":"${text}"}`);
      expect(JSON.stringify(value)).toBe(`{"a":[${text}],"b":"${text}"}`);
      expect(exactNumbersAsText(value)).toEqual({ a: [Number(text)], b: text });
      expect(exactText((value as { a: unknown[] }).a[0])).toBe(text);
    },
  );

  test.each(["0", "-0", "1.5", "9007199254740991", "1e2", "0.0000000000000000001", "15e-1", "-12.5E+3"])(
    "%s is a number",
    (text) => {
      expect(parseExactly(`[${text}]`)).toEqual([Number(text)]);
    },
  );

  test("numbers of very many digits, which PostgreSQL and servers have, take no time", () => {
    const began = performance.now();
    const long = `0.1${"0".repeat(16_000)}1`;
    const text = `[${Array(60).fill(long).join()},0.1${"0".repeat(500_000)}1]`;
    expect(JSON.stringify(parseExactly(text))).toBe(text);
    // It was 34 seconds for the first sixty alone.
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("what is nested too deeply is cut off, wherever it stands, and the rest is kept", () => {
    const deep = (levels: number) => `${'[{"a":'.repeat(levels / 2)}${BIG}${"}]".repeat(levels / 2)}`;
    const text = (levels: number) =>
      `{"one":${deep(levels)},"\\"]}":[1,{"x":"}]"}],"two":${deep(levels)},"big":${BIG}}`;
    expect(JSON.stringify(parseExactly(text(400)))).toBe(text(400));
    const cut = JSON.stringify(parseExactly(text(8_000)));
    expect(cut).toBe(text(498).replaceAll(`${BIG}}]`, `["\\u0000 nested too deeply"]}]`));
  });

  test("a BigInt is written as a number, and a circle is none", () => {
    expect(stringifyExactly({ a: 2n ** 64n })).toBe('{"a":18446744073709551616}');
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(() => stringifyExactly(circle)).toThrow("circular");
  });
});

describe("in a workflow", () => {
  let database: TestDatabase;
  let project: TemporaryProject;
  let client: pg.Client;
  let worker: RunningWorker;
  let server: Server;
  let logins: readonly string[] = [];
  const seen: Record<string, unknown> = {};
  const posted: string[] = [];

  const values = { big: "record.big", exact: "record.exact" };
  const copy = (id: string, of: string): WorkflowNode => ({
    id,
    kind: "crud.create",
    entity: "Amount",
    values: { big: `${of}.big`, exact: `${of}.exact`, via: JSON.stringify(id) },
  });
  const schema = { type: "object", properties: { big: { type: "integer" }, exact: { type: "number" } } } as const;
  const given = { input: schema as never };

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        posted.push(body);
        seen.header = request.headers["x-exact"];
        response.writeHead(200, { "content-type": "application/json" }).end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    project = await makeProject({
      "enginejs.config.ts": config,
      "domain/amount.model.ts": `import { bigint, decimal, entity, ref, roles, text } from "enginejs";
entity("Tenant", { tenant: false, fields: { name: text().required() } });
entity("User", { tenant: false, fields: { email: text().required() } });
entity("Membership", { fields: { user: ref("User").required(), roles: roles().required() } });
entity("Amount", { tenant: false, fields: { big: bigint().required(), exact: decimal(38, 10).required(), via: text().required() } });
`,
    });
    const { system } = await loadProject(project.folder);
    const task = (name: string, output?: object) => ({ name, ...(output === undefined ? {} : { output }) });
    system.tasks = [task("loose"), task("strict"), task("large", schema)] as never;
    system.queues = [{ name: "amounts", message: schema as never }];
    const port = (server.address() as AddressInfo).port;
    const base = { as: "system", retry: { attempts: 1, backoff: "exponential", initialMs: 10, maxMs: 10 } } as const;
    system.workflows = [
      workflowOf({
        ...base,
        name: "spread",
        trigger: { kind: "model", entity: "Amount", event: "create", condition: 'after.via == "seed"' },
        nodes: [
          copy("fromEvent", "event.after"),
          { id: "made", kind: "transform", values: { ...values, more: "record.big + 1" } },
          copy("fromTransform", "made"),
          { id: "all", kind: "crud.list", entity: "Amount", where: 'row.via == "seed"', order: [], limit: 5 },
          {
            id: "each",
            kind: "forEach",
            items: "all.rows",
            item: { entity: "Amount" },
            as: "item",
            limit: 1,
            collect: "item.big",
            body: {
              nodes: [{ id: "first", kind: "start" }, copy("fromEach", "item"), { id: "last", kind: "end" }],
              edges: [
                { from: "first", to: "fromEach" },
                { from: "fromEach", to: "last" },
              ],
            },
          },
          { id: "loose", kind: "task", task: "loose", input: values },
          { id: "strict", kind: "task", task: "strict", input: values },
          { id: "large", kind: "task", task: "large", input: values },
          copy("fromTask", "large"),
          {
            id: "post",
            kind: "http.request",
            method: "POST",
            url: JSON.stringify(`http://127.0.0.1:${port}/`),
            headers: { "x-big": "record.big" },
            body: values,
            privateHosts: ["127.0.0.1"],
            accept: [],
            response: schema as never,
          },
          copy("fromAnswer", "post.body"),
          { id: "sub", kind: "startWorkflow", workflow: "child", input: values, wait: true },
          { id: "sent", kind: "queue.publish", queue: "amounts", message: values },
        ],
      }),
      workflowOf({
        ...base,
        name: "scaled",
        trigger: { kind: "model", entity: "Amount", event: "create", condition: 'after.via == "scaled"' },
        nodes: [
          { id: "kept", kind: "transform", values: { event: "event.after.exact", record: "record.exact" } },
          { id: "code", kind: "task", task: "loose", input: { exact: "kept.event" } },
          {
            id: "shown",
            kind: "http.request",
            method: "POST",
            url: JSON.stringify(`http://127.0.0.1:${port}/`),
            headers: { "x-exact": "kept.record" },
            body: { event: "event.after.exact", kept: "kept.event" },
            privateHosts: ["127.0.0.1"],
            accept: [],
          },
        ],
      }),
      workflowOf({
        ...base,
        ...given,
        name: "child",
        trigger: { kind: "manual" },
        nodes: [copy("fromChild", "input")],
      }),
      workflowOf({
        ...base,
        ...given,
        name: "consumer",
        trigger: { kind: "queue", queue: "amounts" },
        nodes: [copy("fromQueue", "input")],
      }),
    ];
    database = await createTestDatabase({ template: coreTemplate });
    client = await database.client();
    const compiled = compile(system);
    const { plan, stored } = await planBuild(client, compiled);
    await applyPlan(client, plan, { system, compiled, stored });
    const { workerUrl, serverUrl } = await ensureLogins(database.administratorUrl);
    logins = [workerUrl, serverUrl].map((url) => decodeURIComponent(new URL(url).username));
    const nothing = () => undefined;
    worker = await startWorker({
      url: workerUrl,
      tasks: new Map<string, unknown>([
        [
          "loose",
          defineTask({
            run({ input, event }) {
              Object.assign(seen, { loose: input, after: event.after });
            },
          }),
        ],
        [
          "strict",
          defineTask({
            input: z.object({ big: z.coerce.bigint(), exact: z.number() }),
            run({ input }) {
              seen.strict = input;
            },
          }),
        ],
        ["large", defineTask({ run: ({ input }) => ({ ...(input as object), big: BigInt(BIG) }) })],
      ]),
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      patience: 3_000,
    });
  });
  afterAll(async () => {
    await worker?.stop();
    server?.close();
    const administrator = await database.administrator();
    for (const login of logins) {
      const name = administrator.escapeIdentifier(login);
      await administrator.query(`drop owned by ${name}; drop role ${name}`);
    }
    await database?.drop();
    await project?.remove();
  });

  it("they come unchanged through events, rows, loops, tasks, requests, children and messages", async () => {
    await client.query("insert into app.amount (big, exact, via) values ($1, $2, 'seed')", [BIG, EXACT]);
    const ended = await eventually("all are done", async () => {
      const { rows } = await client.query<{ workflow: string; status: string; error: string | null }>(
        "select workflow, status, error from enginejs.workflow_runs order by workflow",
      );
      const over = rows.filter(({ status }) => ["done", "failed"].includes(status));
      return over.length === 3 || rows.some(({ status }) => status === "failed") ? over : undefined;
    });
    expect(ended).toEqual(
      ["child", "consumer", "spread"].map((workflow) => ({ workflow, status: "done", error: null })),
    );
    const { rows } = await client.query('select via, big, exact from app.amount order by via collate "C"');
    const ways = ["Answer", "Child", "Each", "Event", "Queue", "Task", "Transform"].map((way) => `from${way}`);
    expect(rows).toEqual([...ways, "seed"].map((via) => ({ via, big: BIG, exact: EXACT })));
    expect(posted).toEqual([`{"big":${BIG},"exact":${EXACT}}`]);
    const { rows: steps } = await client.query<{ text: string }>(
      "select output::text as text from enginejs.workflow_run_steps where step in ('made', 'each') order by step",
    );
    expect(steps.map(({ text }) => text)).toEqual([
      `{"count": 1, "results": [${BIG}]}`,
      `{"big": ${BIG}, "more": 9007199254740994, "exact": ${EXACT}}`,
    ]);
  });

  it("a task gets their text, and where its schema asks for a number, a number", () => {
    expect(seen.loose).toEqual({ big: BIG, exact: EXACT });
    expect(seen.after).toMatchObject({ big: BIG, exact: EXACT, via: "seed" });
    expect(seen.strict).toEqual({ big: BigInt(BIG), exact: Number(EXACT) });
  });

  it("a decimal keeps its zeros from the row to where it is shown, and is a number for a task", async () => {
    await client.query("insert into app.amount (big, exact, via) values (1, 10, 'scaled')");
    await eventually("it is done", async () => {
      const { rowCount } = await client.query(
        "select from enginejs.workflow_runs where workflow = 'scaled' and status = 'done'",
      );
      return rowCount === 1;
    });
    expect(posted.at(-1)).toBe('{"kept":10.0000000000,"event":10.0000000000}');
    expect(seen.header).toBe("10.0000000000");
    expect(seen.loose).toEqual({ exact: 10 });
    const { rows } = await client.query<{ text: string }>(
      "select output::text as text from enginejs.workflow_run_steps where step in ('kept', 'shown') order by step",
    );
    expect(rows.map(({ text }) => text)).toEqual([
      '{"event": 10.0000000000, "record": 10.0000000000}',
      expect.stringContaining('"kept": 10.0000000000'),
    ]);
  });
});
