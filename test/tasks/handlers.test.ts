/** `handlers/*.ts` of a project on disk, done by real workers: once per event, with the actor's rights, retries and dead letters. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { nextGeneration } from "../../src/project/import-module.ts";
import { loadProject } from "../../src/project/load-project.ts";
import { loadTasks } from "../../src/project/load-tasks.ts";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { asUser, ids, makeInvoice, pay, recordBuild } from "./support/invoicing-database.ts";
import { startWorkerProcess, type WorkerProcess } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

const queues = `import { queue } from "enginejs";
import { z } from "zod";

export const notes = queue("notes", { message: z.object({ text: z.string() }), publish: ["billing", "member"], retry: { attempts: 2, initial: "10ms" } });
export const ledger = queue("ledger", { publish: ["billing"] });
`;
const handlers = `import { on } from "enginejs";
import { notes } from "../domain/notes.model.ts";

/** Who sees what, as the run's actor. */
export const seeInvoice = on("Invoice.pay", async ({ event, input, actor, idempotencyKey, query, signal, log }) => {
  const { rows } = await query<{ me: string | null; invoices: number }>(
    "select enginejs.actor_id()::text as me, (select count(*)::int from app.invoice) as invoices",
  );
  log.info("seen", { aborted: signal.aborted });
  return { ...rows[0], actor: actor.id, key: idempotencyKey, record: event.recordId, input };
});

export const addCustomer = on("notes", async ({ query, input }) => {
  const { rowCount } = await query("insert into app.customer (name, email) values ($1, 'new@example.com')", [input.text]);
  return rowCount;
});

export const publishNote = on("Invoice.pay", async ({ query, event }) => {
  const { rows } = await query<{ id: string }>("select enginejs.publish('notes', $1) as id", [JSON.stringify({ text: event.recordId })]);
  return rows[0];
}, { as: "inherit" });

export const readNote = on(notes, async ({ input }) => ({ text: input.text.toUpperCase() }));
export const failNote = on("notes", () => {
  throw new Error("the reader is broken");
});
export const onlyDear = on("Invoice.updated", ({ event }) => ({ number: event.after?.number }), {
  when: ({ before, after }) => before.number.ne(after.number).and(after.number.eq("dear")),
  as: "system",
});
`;

let world: WorkflowWorld;
let project: TemporaryProject;
let worker: WorkerProcess | undefined;
beforeAll(async () => {
  [world, project] = await Promise.all([
    WorkflowWorld.make(),
    makeProject(
      { "domain/notes.model.ts": queues, "handlers/invoices.ts": handlers },
      { example: "examples/invoicing" },
    ),
  ]);
  await recordBuild(world.client, (await loadProject(project.folder)).system);
});
afterEach(async () => {
  await worker?.kill();
  worker = undefined;
});
afterAll(async () => {
  await world.end();
  await project.remove();
});

const start = (environment: Readonly<Record<string, string>> = {}) => {
  worker = startWorkerProcess(world.database, { PROJECT: project.folder, ...environment }, "project-worker.ts");
  return worker;
};
let numbers = 0;
const paid = async (): Promise<string> => {
  const invoice = await makeInvoice(world.client, `handled-${++numbers}`);
  await pay(world.client, invoice);
  return invoice;
};
const handled = async (workflow: string, record: string) => {
  const run = await world.ended(workflow, record);
  return { ...run, result: (await world.steps(run.id)).handle as Record<string, unknown> | undefined };
};

describe("a handler", () => {
  it("runs once per event, as whoever caused it, under row level security", async () => {
    await start().ready;
    const invoice = await paid();
    const { status, result } = await handled("on-see-invoice", invoice);
    expect(status).toBe("done");
    expect(result).toMatchObject({ me: ids.biller, actor: ids.biller, record: invoice });
    expect(result?.key).toMatch(/^[0-9a-f-]{36}:handle$/);
    // What the actor may not do, its handler may not: members of billing make customers, others do not.
    const published = async (user: string) =>
      asUser(world.client, user, async () => {
        const text = "select enginejs.publish('notes', $1) as id";
        return (await world.client.query<{ id: string }>(text, [JSON.stringify({ text: user })])).rows[0]?.id ?? "";
      });
    expect(await handled("on-add-customer", await published(ids.biller))).toMatchObject({ status: "done", result: 1 });
    expect(await handled("on-add-customer", await published(ids.member))).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringContaining("row-level security"),
    });
    const { rows } = await world.client.query(
      "select name from app.customer where email = 'new@example.com' and name = any ($1)",
      [[ids.biller, ids.member]],
    );
    expect(rows).toEqual([{ name: ids.biller }]);
  });

  it("publishes by its query, and each handler of the queue has one run of the message", async () => {
    await start().ready;
    const invoice = await paid();
    const { result } = await handled("on-publish-note", invoice);
    const id = String(result?.id);
    expect((await handled("on-read-note", id)).result).toEqual({ text: invoice.toUpperCase() });
    // One that throws is tried as the queue says, and is a dead letter then.
    const failed = await handled("on-fail-note", id);
    expect(failed).toMatchObject({ status: "failed", attempts: 2, error: "the reader is broken" });
    const { rows } = await world.client.query(
      "select workflow, failed_step, model from enginejs.workflow_dead_letters where run_id = $1",
      [failed.id],
    );
    expect(rows).toEqual([{ workflow: "on-fail-note", failed_step: "handle", model: "queue:notes" }]);
    // A person without the role is refused where he publishes.
    await expect(
      asUser(world.client, ids.member, () => world.client.query("select enginejs.publish('ledger', '{}')")),
    ).rejects.toMatchObject({ code: "42501" });
  });

  it("follows only what its condition lets pass", async () => {
    await start().ready;
    const cheap = await paid();
    const dear = await paid();
    await world.client.query("update app.invoice set number = 'cheap' where id = $1", [cheap]);
    await world.client.query("update app.invoice set number = 'dear' where id = $1", [dear]);
    expect((await handled("on-only-dear", dear)).result).toEqual({ number: "dear" });
    expect(await world.run("on-only-dear", cheap)).toBeUndefined();
  });

  it("outlives its process: killed after its call it is called again, under the same key", async () => {
    const killed = start({ ENGINEJS_FAILPOINT: "task:after-call" });
    const invoice = await paid();
    expect(await killed.ended).toBe("SIGKILL");
    await start().ready;
    const { status, result } = await handled("on-see-invoice", invoice);
    expect(status).toBe("done");
    const { rows } = await world.client.query(
      "select count(*)::int as n from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id where r.workflow = 'on-see-invoice' and e.record_id = $1",
      [invoice],
    );
    expect(rows).toEqual([{ n: 1 }]);
    expect(result?.key).toMatch(/:handle$/);
  });
});

it("changed handlers are read anew", async () => {
  const own = await makeProject(
    { "handlers/a.ts": 'import { on } from "enginejs";\nexport const a = on("Invoice.pay", () => 1);\n' },
    { example: "examples/invoicing" },
  );
  try {
    const call = async () => {
      const task = (await loadTasks(own.folder)).get("handlers/a") as { run(context: object): Promise<unknown> };
      return task.run({ event: { input: null } });
    };
    expect(await call()).toBe(1);
    await own.write("handlers/a.ts", 'import { on } from "enginejs";\nexport const a = on("Invoice.pay", () => 2);\n');
    nextGeneration();
    expect(await call()).toBe(2);
    await own.write("handlers/a.ts", "export const a = 1;\n");
    nextGeneration();
    await expect(loadTasks(own.folder)).rejects.toThrow("EJS1062");
  } finally {
    await own.remove();
  }
});
