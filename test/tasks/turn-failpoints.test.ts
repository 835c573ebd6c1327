/** A worker is killed by SIGKILL at each place that only runs come by which take turns, or whoever gives back what the dead have left. */
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { type Failpoint, REAP_FAILPOINTS, TURN_FAILPOINTS } from "../../src/tasks/failpoint.ts";
import { createInvoicingDatabase, loadInvoicing, recordBuild, workflowOf } from "./support/invoicing-database.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "./support/worker.ts";

const ordered = {
  ...workflowOf({
    name: "in-order",
    as: "system",
    trigger: { kind: "manual" },
    options: { ordered: { by: { key: "input.key" }, onFailure: "halt" }, concurrency: { limit: 1 } },
    nodes: [
      { id: "work", kind: "task", task: "ordered-work", input: { key: "input.key", n: "input.n" } },
      { id: "nap", kind: "sleep", until: { ms: 20 } },
    ],
  }),
  input: { type: "object" as const, properties: { key: { type: "string" as const }, n: { type: "integer" as const } } },
};

const start = async (client: pg.ClientBase) => {
  await client.query("begin");
  for (let n = 1; n <= 4; n++) {
    await client.query("select enginejs.workflow_start('in-order', jsonb_build_object('key', 'a', 'n', $1::int))", [n]);
  }
  await client.query("commit");
};

async function expectAllInOrder(client: pg.ClientBase): Promise<void> {
  await eventually(
    "the end of all",
    async () => {
      const { rows } = await client.query("select from enginejs.workflow_runs where status = 'done'");
      return rows.length === 4;
    },
    200,
  );
  const { rows } = await client.query<{ n: number }>(
    "select kind::int as n from test.effects where key = 'a' order by id",
  );
  const numbers = rows.map(({ n }) => n);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(new Set(numbers)).toEqual(new Set([1, 2, 3, 4]));
  await eventually("nothing is left", async () => {
    const left = await client.query(
      "select run_id from enginejs.workflow_turns union all select run_id from enginejs.workflow_waits union all select id from enginejs.workflow_runs_parked",
    );
    return left.rowCount === 0;
  });
}

/** A database with the workflow, and workers that are gone at the end. */
async function inWorld(act: (client: pg.Client, spawn: (failpoint?: Failpoint) => WorkerProcess) => Promise<void>) {
  const database = await createInvoicingDatabase();
  const workers: WorkerProcess[] = [];
  try {
    const client = await database.client();
    await recordBuild(client, { ...(await loadInvoicing()), workflows: [ordered] });
    await act(client, (failpoint) => {
      const worker = startWorkerProcess(database, failpoint === undefined ? {} : { ENGINEJS_FAILPOINT: failpoint });
      workers.push(worker);
      return worker;
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await database.drop();
  }
}

describe("SIGKILL", { concurrent: true }, () => {
  it.for([...TURN_FAILPOINTS, "relay:before-commit", "park:after", "claim:after"] as const)(
    "of runs that take turns, at %s",
    (failpoint) =>
      inWorld(async (client, spawn) => {
        const killed = spawn(failpoint);
        await start(client);
        expect(await killed.ended).toBe("SIGKILL");
        await spawn().ready;
        await expectAllInOrder(client);
      }),
  );

  it.for(REAP_FAILPOINTS)("of whoever has noticed a death, at %s", (failpoint) =>
    inWorld(async (client, spawn) => {
      const first = spawn("task:after-call");
      await start(client);
      expect(await first.ended).toBe("SIGKILL");
      const second = spawn(failpoint);
      expect(await second.ended).toBe("SIGKILL");
      await spawn().ready;
      await expectAllInOrder(client);
    }),
  );
});
