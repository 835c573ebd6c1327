/** What runs tell to whoever watches: figures for Prometheus, spans for OpenTelemetry. */

import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Attributes,
  type Context,
  context,
  type Span,
  type SpanContext,
  type SpanOptions,
  trace,
} from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineTask } from "../../src/dsl/task.ts";
import type { WorkflowNode } from "../../src/model/index.ts";
import { NonRetryableError, startWorker } from "../../src/tasks/index.ts";
import { Counter, Histogram } from "../../src/tasks/prometheus.ts";
import { asUser, ids, makeInvoice, workflowOf } from "./support/invoicing-database.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
beforeAll(async () => {
  world = await WorkflowWorld.make();
});
afterEach(() => world.stopWorker());
afterAll(() => world.end());

const onPay = { kind: "model", entity: "Invoice", event: "action", action: "pay" } as const;
const task = (id: string, name: string): WorkflowNode => ({ id, kind: "task", task: name, input: {} });

describe("figures", () => {
  it("are text as Prometheus reads it, whatever a label holds", () => {
    const counter = new Counter("c_total", "Counts.");
    counter.add({ name: 'a "b" \\ \n' });
    counter.add({ name: 'a "b" \\ \n' }, 2);
    expect(counter.text()).toBe(
      '# HELP c_total Counts.\n# TYPE c_total counter\nc_total{name="a \\"b\\" \\\\ \\n"} 3\n',
    );
    const histogram = new Histogram("h", "Takes.", [0.1, 1]);
    for (const seconds of [0.05, 0.1, 0.5, 2]) histogram.observe({ s: "x" }, seconds);
    expect(histogram.text()).toBe(
      [
        "# HELP h Takes.",
        "# TYPE h histogram",
        'h_bucket{s="x",le="0.1"} 2',
        'h_bucket{s="x",le="1"} 3',
        'h_bucket{s="x",le="+Inf"} 4',
        'h_sum{s="x"} 2.65',
        'h_count{s="x"} 4',
        "",
      ].join("\n"),
    );
  });

  it("are served on a port of their own, where one is named, and hold nothing of a tenant", async () => {
    let calls = 0;
    const shaky = defineTask({
      run: () => {
        calls += 1;
        if (calls === 1) throw new Error("not yet");
      },
    });
    const hopeless = defineTask({
      run: () => {
        throw new NonRetryableError("never");
      },
    });
    await world.build([
      workflowOf({ name: "seen", trigger: onPay, nodes: [task("first", "shaky")] }),
      workflowOf({ name: "doomed", trigger: onPay, nodes: [task("only", "hopeless")] }),
    ]);
    const quiet = () => undefined;
    const worker = await startWorker({
      url: world.database.workerUrl,
      tasks: new Map(Object.entries({ shaky, hopeless })),
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      metrics: { port: 0 },
    });
    try {
      const invoice = await world.paid();
      await world.ended("seen", invoice);
      await world.ended("doomed", invoice);
      const url = `http://127.0.0.1:${worker.metricsPort}/metrics`;
      const response = await fetch(url);
      expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      const text = await response.text();
      for (const line of [
        'enginejs_workflow_runs_total{workflow="seen",status="done"} 1',
        'enginejs_workflow_runs_total{workflow="doomed",status="failed"} 1',
        'enginejs_workflow_step_retries_total{workflow="seen"} 1',
        'enginejs_workflow_step_duration_seconds_count{workflow="seen",step="first",status="failed"} 1',
        'enginejs_workflow_step_duration_seconds_count{workflow="seen",step="first",status="done"} 1',
        'enginejs_workflow_start_delay_seconds_count{workflow="seen"} 1',
        "enginejs_workflow_events_pending 0",
        'enginejs_workflow_dead_letters{workflow="doomed"} 1',
        "enginejs_workflow_workers 1",
      ]) {
        expect(text.split("\n")).toContain(line);
      }
      // Every line is a comment or a sample, and each name is declared once.
      const wrong = text
        .trimEnd()
        .split("\n")
        .filter((line) => !/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+-]+)$/.test(line));
      expect(wrong).toEqual([]);
      const types = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
      expect(new Set(types).size).toBe(types.length);
      for (const id of [ids.tenant, ids.biller, invoice]) expect(text).not.toContain(id);
      expect((await fetch(url.replace("/metrics", "/"))).status).toBe(404);
    } finally {
      await worker.stop();
    }
  });

  it("are nowhere unless asked for", async () => {
    const quiet = () => undefined;
    const worker = await startWorker({
      url: world.database.workerUrl,
      tasks: new Map(),
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    expect(worker.metricsPort).toBeUndefined();
    await worker.stop();
  });
});

/** As much of an SDK as the API needs: keeps every span. */
interface Recorded {
  readonly name: string;
  readonly attributes: Attributes;
  readonly id: SpanContext;
  readonly parent: SpanContext | undefined;
  failed: boolean;
  ended: boolean;
}

function recorder() {
  const spans: Recorded[] = [];
  let next = 1;
  const startSpan = (name: string, { attributes = {} }: SpanOptions = {}, parentContext?: Context): Span => {
    const parent = parentContext === undefined ? undefined : trace.getSpanContext(parentContext);
    const id: SpanContext = {
      traceId: parent?.traceId ?? "f".repeat(32),
      spanId: (next++).toString(16).padStart(16, "0"),
      traceFlags: 1,
    };
    const recorded: Recorded = { name, attributes: { ...attributes }, id, parent, failed: false, ended: false };
    spans.push(recorded);
    const span: Span = {
      spanContext: () => id,
      setAttribute: () => span,
      setAttributes: () => span,
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      updateName: () => span,
      isRecording: () => true,
      recordException: () => undefined,
      setStatus: ({ code }) => {
        recorded.failed = code === 2;
        return span;
      },
      end: () => {
        recorded.ended = true;
      },
    };
    return span;
  };
  return {
    spans,
    provider: { getTracer: () => ({ startSpan, startActiveSpan: () => undefined as never }) },
  };
}

describe("spans", () => {
  afterEach(() => {
    trace.disable();
    context.disable();
  });

  it("cost nothing where nobody records, and the place in the trace is carried on all the same", async () => {
    await world.start([
      workflowOf({
        name: "untraced",
        trigger: onPay,
        nodes: [
          {
            id: "note",
            kind: "crud.update",
            entity: "Customer",
            row: "record.customer.id",
            values: { name: '"untraced"' },
          },
        ],
      }),
    ]);
    const invoice = await makeInvoice(world.client, "untraced-1");
    const traceparent = "00-1234567890abcdef1234567890abcdef-00f067aa0ba902b7-00";
    await world.client.query("begin");
    await world.client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test', $3)", [
      ids.biller,
      ids.tenant,
      JSON.stringify({ traceparent }),
    ]);
    await world.client.query("select app.pay_invoice($1)", [invoice]);
    await world.client.query("commit");
    await world.ended("untraced", invoice);
    const { rows } = await world.client.query(
      "select origin from enginejs.workflow_events where model = 'Customer' and action = 'update' order by id desc limit 1",
    );
    expect(rows[0].origin).toMatchObject({ traceparent, depth: 1 });
    // A request without one has none, also on the same connection.
    await asUser(world.client, ids.biller, () =>
      world.client.query("update app.customer set name = 'by hand' where id = $1", [ids.customer]),
    );
    const { rows: plain } = await world.client.query(
      "select origin from enginejs.workflow_events where model = 'Customer' and action = 'update' order by id desc limit 1",
    );
    expect(plain[0].origin).not.toHaveProperty("traceparent");
  });

  it("lie under the request that wrote: event, run, steps; what a step causes lies under the step", async () => {
    const { spans, provider } = recorder();
    trace.setGlobalTracerProvider(provider);
    const storage = new AsyncLocalStorage<Context>();
    const { ROOT_CONTEXT } = await import("@opentelemetry/api");
    context.setGlobalContextManager({
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, fn, self, ...args) => storage.run(active, () => fn.call(self as never, ...args)),
      bind: (_active, target) => target,
      enable() {
        return this;
      },
      disable() {
        return this;
      },
    });
    let within: string | undefined;
    const look = defineTask({
      run: () => {
        within = trace.getSpan(context.active())?.spanContext().spanId;
      },
    });
    await world.start(
      [
        workflowOf({
          name: "traced",
          trigger: onPay,
          nodes: [
            task("look", "look"),
            {
              id: "note",
              kind: "crud.update",
              entity: "Customer",
              row: "record.customer.id",
              values: { name: '"traced"' },
            },
          ],
        }),
        workflowOf({
          name: "follows",
          as: "system",
          trigger: { kind: "model", entity: "Customer", event: "update" },
          nodes: [task("look", "look")],
        }),
      ],
      { look },
    );
    const request = { traceId: "1234567890abcdef1234567890abcdef", spanId: "00f067aa0ba902b7" };
    const invoice = await makeInvoice(world.client, "traced-1");
    await world.client.query("begin");
    await world.client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test', $3)", [
      ids.biller,
      ids.tenant,
      JSON.stringify({ traceparent: `00-${request.traceId}-${request.spanId}-01` }),
    ]);
    await world.client.query("select app.pay_invoice($1)", [invoice]);
    await world.client.query("commit");
    const { id } = await world.ended("traced", invoice);
    await world.ended("follows", ids.customer);
    const named = (name: string, run = id) =>
      spans.find((span) => span.name === name && (span.attributes["enginejs.run.id"] ?? run) === run);
    const event = named("event Invoice.pay");
    const run = named("run traced");
    const step = spans.find((span) => span.name === "step look" && span.parent?.spanId === run?.id.spanId);
    const note = spans.find((span) => span.name === "step note");
    expect(event?.parent).toMatchObject(request);
    expect(run?.parent).toMatchObject({ traceId: request.traceId, spanId: event?.id.spanId });
    expect(run?.attributes).toMatchObject({ "enginejs.workflow": "traced", "enginejs.run.attempt": 1 });
    expect(step).toBeDefined();
    expect(note?.parent?.spanId).toBe(run?.id.spanId);
    const caused = spans.find((span) => span.name === "event Customer.update");
    expect(caused?.parent).toMatchObject({ traceId: request.traceId, spanId: note?.id.spanId });
    const last = spans.findLast((span) => span.name === "step look");
    expect(within).toBe(last?.id.spanId);
    expect(spans.every(({ ended }) => ended)).toBe(true);
    expect(spans.every(({ failed }) => !failed)).toBe(true);
  });
});
