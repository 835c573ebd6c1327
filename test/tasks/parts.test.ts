/** The parts of the worker that need no database. */

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { NonRetryableError } from "../../src/dsl/non-retryable-error.ts";
import { env, provideSettings, readSetting } from "../../src/dsl/setting.ts";
import { nodeOrder } from "../../src/dsl-to-sql/workflow/node-order.ts";
import { stepStatement } from "../../src/dsl-to-sql/workflow/step-statement.ts";
import { workflowError } from "../../src/errors/workflow-error.ts";
import { catalogOf, type Workflow } from "../../src/model/index.ts";
import { Batcher } from "../../src/tasks/batcher.ts";
import { errorWithoutSecrets, logWithoutSecrets } from "../../src/tasks/hide-secrets.ts";
import { logWithFields } from "../../src/tasks/log-with-fields.ts";
import { retryDelay } from "../../src/tasks/retry-delay.ts";
import { schemaMisfits } from "../../src/tasks/schema-misfits.ts";
import { stepFailure } from "../../src/tasks/step-failure.ts";
import { stepValues } from "../../src/tasks/step-values.ts";
import { withTimeLimit } from "../../src/tasks/with-time-limit.ts";
import { loadInvoicing, workflowOf } from "./support/invoicing-database.ts";

describe("nodeOrder", () => {
  const trigger = { kind: "model", entity: "Invoice", event: "create" } as const;
  const log = (id: string) => ({ id, kind: "log", level: "info", message: id, values: {} }) as const;
  const graph = (edges: Workflow["edges"]): Workflow => ({
    ...workflowOf({ name: "w", trigger, nodes: [log("c"), log("a"), log("b")] }),
    edges,
  });

  it("puts each node after those that lead to it", () => {
    const edges = [
      { from: "start", to: "a" },
      { from: "start", to: "b" },
      { from: "a", to: "c" },
      { from: "b", to: "c" },
      { from: "c", to: "end" },
    ];
    expect(nodeOrder("w", graph(edges)).map(({ id }) => id)).toEqual(["start", "a", "b", "c", "end"]);
  });

  it("refuses circles and edges to nowhere", () => {
    expect(() =>
      nodeOrder(
        "w",
        graph([
          { from: "a", to: "b" },
          { from: "b", to: "a" },
        ]),
      ),
    ).toThrow(/EJS6008.*wait for each other/);
    expect(() => nodeOrder("w", graph([{ from: "a", to: "x" }]))).toThrow(/EJS6008.*"x"/);
  });
});

describe("stepValues", () => {
  it("sends a statement the results that it reads, and no others", async () => {
    const system = await loadInvoicing();
    const workflow = workflowOf({
      name: "lists",
      trigger: { kind: "model", entity: "Invoice", event: "create" },
      nodes: [
        { id: "open", kind: "crud.list", entity: "Invoice", order: [], limit: 10_000 },
        { id: "one", kind: "transform", values: { n: "open.count" } },
        { id: "two", kind: "transform", values: { n: "one.n", at: "record.number" } },
      ],
    });
    const build = { system, catalog: catalogOf(system) };
    const event = {
      before: null,
      after: { id: "i" },
      input: { reference: "r" },
      recordId: "i",
      model: "Invoice",
      action: "create",
    };
    const names = { open: { rows: [{}], count: 1 }, one: { n: 1 } };
    const sent = (values: Record<string, string>) => {
      const statement = stepStatement(build, workflow, { id: Object.keys(values).join(), kind: "values", values });
      const step = { run: { event, as: { role: "system" } }, frame: { names } } as never;
      return stepValues(step, statement).map((value) =>
        value === null ? null : value === "i" ? value : JSON.parse(value),
      );
    };
    expect(sent({ n: "one.n", at: "record.number" })).toEqual([null, null, null, { one: names.one }, "i", null]);
    expect(sent({ count: "open.count", of: "event.after.number" })).toEqual([
      null,
      { id: "i" },
      null,
      { open: names.open },
      "i",
      null,
    ]);
  });
});

describe("schemaMisfits", () => {
  const schema = z.toJSONSchema(
    z.object({
      ok: z.boolean(),
      required: z.string().optional(),
      size: z.int().default(1),
      lines: z.array(z.object({ name: z.string(), properties: z.enum(["a", "b"]).optional() })),
    }),
  );
  it.for<[what: string, value: unknown, misfits: readonly string[]]>([
    [
      "takes more than it says, null for what may be absent, and nothing for what has a default",
      { ok: true, required: null, lines: [{ name: "n", properties: null, more: 1 }], more: 1 },
      [],
    ],
    [
      "names each place",
      { lines: [{ name: null, properties: "c" }], required: 1 },
      ["ok", "required", "lines.0.name", "lines.0.properties"],
    ],
    ["names the whole", "text", ["value"]],
  ])("%s", ([, value, misfits]) => {
    expect(
      schemaMisfits(schema, value)
        .map((text) => text.split(":")[0])
        .sort(),
    ).toEqual([...misfits].sort());
  });
});

describe("retryDelay", () => {
  const retry = { attempts: 9, backoff: "exponential", initialMs: 100, maxMs: 1_000 } as const;
  it("doubles up to the most, with a fifth of jitter", () => {
    expect([1, 2, 3, 4, 5, 50].map((n) => retryDelay(retry, n, () => 0.5))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect([retryDelay(retry, 1, () => 0), retryDelay(retry, 1, () => 1)]).toEqual([80, 120]);
    expect(retryDelay({ ...retry, backoff: "fixed" }, 5, () => 0.5)).toBe(100);
  });
});

describe("stepFailure", () => {
  const server = (code: string) => Object.assign(new Error("no"), { code, severity: "ERROR" });
  it.for([
    ["a task's own error", new Error("x"), true],
    ["NonRetryableError", new NonRetryableError("x"), false],
    ["denied", server("42501"), false],
    ["not found", server("EJ404"), false],
    ["a constraint", server("23505"), false],
    ["a value", server("22P02"), false],
    ["a deadlock", server("40P01"), true],
    ["a shutdown", server("57P01"), true],
    ["a system error with a code that looks like one", Object.assign(new Error("x"), { code: "22222" }), true],
    ["no actor", workflowError("EJS6001", "x"), false],
    ["no task here", workflowError("EJS6002", "x"), true],
    ["something that is no error", "x", true],
    ["what another copy of zod has refused", Object.assign(new Error("x"), { name: "ZodError" }), false],
  ] as const)("%s", ([, error, retryable]) => {
    expect(stepFailure(error).retryable).toBe(retryable);
  });

  const refused = new Error("connect ECONNREFUSED 127.0.0.1:9");
  const circle: Record<string, unknown> = {
    toString: () => {
      throw new Error("not even this");
    },
  };
  circle.self = circle;
  it.for<[what: string, thrown: unknown, message: string]>([
    [
      "what fetch says why only in its cause",
      new TypeError("fetch failed", { cause: refused }),
      `fetch failed (${refused.message})`,
    ],
    ["several errors", new AggregateError([new Error("one"), new Error("two")], "both"), "both (one; two)"],
    [
      "a cause that the message holds",
      new Error(`no: ${refused.message}`, { cause: refused }),
      `no: ${refused.message}`,
    ],
    ["an object", { code: 42 }, '{"code":42}'],
    ["what cannot be said", circle, "object that cannot be shown"],
    ["nothing", undefined, "undefined"],
    ["an error without words", new RangeError(), "RangeError"],
  ])("says %s", ([, thrown, message]) => {
    expect(stepFailure(thrown).message).toBe(message);
  });
});

describe("secrets", () => {
  // With the end of the line that a file of secrets often has.
  const secret = 's3cret "value"/ä\n';
  const hidden = (value: unknown, text = `x ${secret}`) => {
    provideSettings({ read: () => secret });
    expect(readSetting(env("SECRET"))).toBe(secret);
    const lines: unknown[] = [];
    const line = (...told: unknown[]) => void lines.push(told);
    const log = logWithoutSecrets({ debug: line, info: line, warn: line, error: line });
    log.info(text, { value, list: [{ [secret]: secret }], n: 1, at: new Date(0) });
    return lines;
  };

  it("do not come to the log", () => {
    expect(hidden({ deep: { url: `https://x/?${encodeURIComponent(secret)}` } })).toEqual([
      ["x ***", { value: { deep: { url: "https://x/?***" } }, list: [{ "***": "***" }], n: 1, at: new Date(0) }],
    ]);
  });

  it.for<[what: string, thrown: unknown, message: string]>([
    ["an error", new Error(`no ${secret}`), "no ***"],
    ["its cause", new Error("no", { cause: new TypeError(secret) }), "no (***)"],
    ["several", new AggregateError([new Error(secret)], "both"), "both (***)"],
    ["an object", { headers: { authorization: `Bearer ${secret}` } }, '{"headers":{"authorization":"Bearer ***"}}'],
    ["a text", `no ${secret}`, "no ***"],
    ["a frozen error", Object.freeze(new RangeError(secret)), "***"],
    ["no retry", new NonRetryableError(secret), "***"],
  ])("are not in what is kept of %s", ([, thrown, message]) => {
    hidden({});
    const clean = errorWithoutSecrets(thrown);
    expect(stepFailure(clean).message).toBe(message);
    if (thrown instanceof Error) expect((clean as Error).name).toBe(thrown.name);
    if (clean instanceof Error) expect(clean.stack).not.toContain(secret);
    expect(stepFailure(clean).retryable).toBe(!(thrown instanceof NonRetryableError));
  });

  it.for<[how: string, text: string]>([
    ["without the white space around it", secret.trim()],
    ["in a form", new URLSearchParams({ key: secret }).toString()],
    ["in JSON within JSON", JSON.stringify(JSON.stringify({ key: secret }))],
    ["in hexadecimal", Buffer.from(secret).toString("hex")],
    ["in a header of basic authentication", Buffer.from(`:${secret}`).toString("base64")],
    ["after a user's name there", Buffer.from(`ab:${secret}`).toString("base64")],
    ["in a token's part", Buffer.from(`{"key":"${secret}"}`).toString("base64url")],
  ])("are recognized %s", ([, text]) => {
    const [told] = hidden({}, text) as [[string]];
    expect(told[0]).toContain("***");
    // What is left of base64 on either side has a few bits of it.
    expect(told[0].replace(/.*\*\*\*/, "").length).toBeLessThan(8);
    expect(stepFailure(errorWithoutSecrets(new Error(text))).message).toBe(told[0]);
  });

  it("do not come to the log with what is no plain object, which itself stays as it is", () => {
    class Client {
      readonly token = secret;
    }
    const asked = { headers: { authorization: `Bearer ${secret}` } };
    const failed = Object.assign(new TypeError("refused"), { config: asked, code: "E1" });
    const circular: Record<string, unknown> = { token: secret };
    circular.self = circular;
    let deep: unknown = secret;
    for (let i = 0; i < 20; i += 1) deep = { deep };
    const fields = {
      client: new Client(),
      url: new URL(`https://x/?key=${encodeURIComponent(secret)}`),
      failed,
      late: new DOMException(`late: ${secret}`, "AbortError"),
      map: new Map([["token", secret]]),
      bytes: Buffer.from(secret),
      made: { toJSON: () => ({ secret }) },
      thrower: {
        get token() {
          throw new Error(secret);
        },
      },
      circular,
      deep,
    };
    const [[, told]] = hidden(fields) as [[string, { readonly value: typeof fields }]];
    const text = `${JSON.stringify(told)} ${inspect(told, { depth: 30, showHidden: true })}`;
    expect(text).not.toContain(secret.trim());
    expect(text).not.toContain(JSON.stringify(secret.trim()).slice(1, -1));
    expect(text).not.toContain(encodeURIComponent(secret.trim()));
    expect(told.value).toMatchObject({
      client: { token: "***" },
      url: "https://x/?key=***",
      failed: {
        name: "TypeError",
        message: "refused",
        code: "E1",
        config: { headers: { authorization: "Bearer ***" } },
      },
      late: { name: "AbortError", message: "late: ***" },
      map: new Map([["token", "***"]]),
      circular: { token: "***", self: "[Circular]" },
    });
    expect(told.value.failed).toBeInstanceOf(Error);
    expect(asked.headers.authorization).toBe(`Bearer ${secret}`);
  });
});

describe("Batcher", () => {
  it("gathers while a call is under way, and gives each its own result", async () => {
    const calls: number[][] = [];
    const batcher = new Batcher<number, number>(
      async (requests) => {
        calls.push([...requests]);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return requests.map((n) => n * 2);
      },
      { most: 3 },
    );
    const first = batcher.add(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const others = [2, 3, 4, 5].map((n) => batcher.add(n));
    expect(await Promise.all([first, ...others])).toEqual([2, 4, 6, 8, 10]);
    expect(calls).toEqual([[1], [2, 3, 4], [5]]);
  });

  it("asks for each alone where one of them is at fault, and fails that one only", async () => {
    const calls: number[][] = [];
    const batcher = new Batcher<number, number>(
      async (requests) => {
        calls.push([...requests]);
        if (requests.includes(0)) throw new RangeError("zero");
        return [...requests];
      },
      { isOfOne: (error) => error instanceof RangeError },
    );
    const answers = await Promise.allSettled([1, 0, 2].map((n) => batcher.add(n)));
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(calls).toEqual([[1, 0, 2], [1], [0], [2]]);
  });

  it("sends what is heavy by itself", async () => {
    const calls: number[][] = [];
    const batcher = new Batcher<number, number>(
      async (requests) => {
        calls.push([...requests]);
        return [...requests];
      },
      { weigh: (n) => n, heaviest: 10 },
    );
    expect(await Promise.all([3, 4, 5, 20, 1].map((n) => batcher.add(n)))).toEqual([3, 4, 5, 20, 1]);
    expect(calls).toEqual([[3, 4], [5], [20], [1]]);
  });

  it("fails all of a call, and goes on", async () => {
    const batcher = new Batcher<number, number>(async (requests) => {
      if (requests.includes(0)) throw new Error("zero");
      return [...requests];
    });
    const both = [batcher.add(0), batcher.add(1)];
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await batcher.add(2)).toBe(2);
  });
});

describe("withTimeLimit", () => {
  it("leaves work that does not hear its signal to itself, after a while", async () => {
    const stop = new AbortController();
    const deaf = withTimeLimit(undefined, stop.signal, () => new Promise<never>(() => undefined), 20);
    const hearing = withTimeLimit(
      undefined,
      stop.signal,
      async (signal) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return "put away";
      },
      20,
    );
    stop.abort(new Error("enough"));
    await expect(deaf).rejects.toThrow("enough");
    expect(await hearing).toBe("put away");
  });
});

it("a line of a run's log says of which run it is, whatever a task says", () => {
  const lines: unknown[] = [];
  const line = (_message: string, fields?: unknown) => void lines.push(fields);
  const log = logWithFields({ debug: line, info: line, warn: line, error: line }, { run: "mine" });
  log.info("x", { run: "another's", amount: 1 });
  expect(lines).toEqual([{ run: "mine", amount: 1 }]);
});
