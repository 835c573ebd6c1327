/** What affordances and explanations say, and what then happens: random rows, actors and changes. */
import { randomInt } from "node:crypto";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { buildDesk, deskPeople, deskQueues, deskTenants, seedDesk, ticketId } from "./support/desk.ts";
import { attempt, type TestActor } from "./support/invoicing-database.ts";

let database: TestDatabase;
let client: pg.Client;
const seed = Number(process.env.ENGINEJS_SEED ?? randomInt(1, 2 ** 31));
const tickets = 15;

/** mulberry32: the same numbers for the same seed. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = randomOf(seed);
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
const quoted = (value: string | number | boolean | null): string =>
  value === null ? "null" : typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);

beforeAll(async () => {
  console.info(`seed ${seed}: repeat with ENGINEJS_SEED=${seed}`);
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
  await buildDesk(client);
  await seedDesk(client);
  const rows = Array.from({ length: tickets }, (_, n) => {
    const ours = random() < 0.8;
    const people = ours ? deskPeople.slice(0, 3) : deskPeople.slice(3, 6);
    const queues = ours ? deskQueues.slice(0, 2) : deskQueues.slice(2);
    return [
      deskTenants[ours ? 0 : 1] as string,
      ticketId(n),
      pick(["a", "", "other", "x'y"]),
      pick([...people, null]),
      pick([...queues, null]),
      pick([true, false, null]),
      pick([true, false, false, null]),
      pick([1, 9, null]),
      pick(["c", null]),
      pick(["open", "done", "gone"]),
    ];
  });
  await client.query("set role enginejs_owner");
  await client.query(
    `insert into app.ticket (tenant_id, id, title, owner_id, queue_id, hidden, locked, priority, code, state) values
     ${rows.map((row) => `(${row.map(quoted).join(", ")})`).join(", ")}`,
  );
  await client.query("reset role");
});
afterAll(() => database.drop());

const actors: readonly TestActor[] = [
  ...deskPeople.map(
    (id, i): TestActor => ({ role: "enginejs_user", id, tenant: deskTenants[i < 3 ? 0 : 1] as string }),
  ),
  { role: "enginejs_user", id: deskPeople[3] as string, tenant: deskTenants[0] },
  { role: "enginejs_user", id: deskPeople[6] as string },
  { role: "enginejs_anonymous" },
];

/** The last line of an explanation. */
async function decision(actor: TestActor, command: string, id: string) {
  await client.query("set role enginejs_owner");
  const { rows } = await client.query<{ verdict: boolean | null; why: string }>(
    `select verdict, failed as why from enginejs.explain($1, $2, 'Ticket', $3, $4) where effect = 'verdict'`,
    [actor.id ?? null, actor.tenant ?? null, command, id],
  );
  await client.query("reset role");
  return rows[0];
}

const verdict = async (actor: TestActor, command: string, id: string) => (await decision(actor, command, id))?.verdict;

test("what is said is what happens", async () => {
  const seen = { allowed: 0, refused: 0, hidden: 0 };
  for (let n = 0; n < tickets; n++) {
    const id = ticketId(n);
    for (const actor of actors) {
      const where = `seed ${seed}, ticket ${n}, ${JSON.stringify(actor)}`;
      const sql = `select t.title, can.* from app.ticket as t, app.ticket_can(t) as can where t.id = '${id}'`;
      const [can] = (await attempt(client, actor, sql)).rows;
      const isRead = await verdict(actor, "read", id);
      expect(isRead, `read, ${where}`).toBe(can !== undefined);
      // Another value than any row has, so that no rule about what is left behind speaks but that of a title.
      const update = await attempt(
        client,
        actor,
        `update app.ticket set hidden = false where id = '${id}' returning id`,
      );
      const leaves = update.error?.code === "42501";
      const touched = update.count === 1 || leaves;
      const removed = await attempt(client, actor, `delete from app.ticket where id = '${id}'`);
      if (can === undefined) seen.hidden += 1;
      else seen[can.update ? "allowed" : "refused"] += 1;
      expect(can?.update ?? false, `update, ${where}`).toBe(touched);
      expect(can?.update_reason === null, `update reason, ${where}`).toBe(touched);
      expect(can?.delete ?? false, `delete, ${where}`).toBe(removed.count === 1);
      expect(await verdict(actor, "delete", id), `explain delete, ${where}`).toBe(removed.count === 1);
      const explained = await decision(actor, "update", id);
      expect(explained?.verdict, `explain update, ${where}`).toBe(touched);
      const named = explained?.why.startsWith("allowed, where it leaves behind: ");
      expect(named, `explain what update leaves, ${where}`).toBe(leaves);
      if (touched) {
        const left = await attempt(
          client,
          actor,
          `select can.leave_reason from app.ticket as t,
             app.ticket_can(jsonb_populate_record(t, '{"hidden": false}')) as can where t.id = '${id}'`,
        );
        expect(left.rows[0].leave_reason === null, `left behind, ${where}`).toBe(!leaves);
      }
      for (const action of ["close", "drop", "nudge"]) {
        const call = `select from app.${action}_ticket('${id}'${action === "nudge" ? ", 'yes'" : ""})`;
        const called = (await attempt(client, actor, call)).error === undefined;
        const said = can?.transitions.find((transition: { name: string }) => transition.name === action);
        expect(said?.allowed ?? false, `${action}, ${where}: ${said?.reason}`).toBe(called);
        expect((said?.reason ?? null) === null, `reason of ${action}, ${where}`).toBe(called || can === undefined);
        const explained = await verdict(actor, action, id);
        // What an action is given is not known beforehand.
        if (action !== "nudge") expect(explained, `explain ${action}, ${where}`).toBe(called);
      }
      for (const field of can?.fields ?? []) {
        if (!["title", "priority", "code", "secret"].includes(field.name)) continue;
        const value = field.name === "priority" ? "3" : "'new'";
        const given = JSON.stringify({ [field.name]: field.name === "priority" ? 3 : "new" });
        const changed =
          field.name === "secret"
            ? await attempt(client, actor, `select from app.update_ticket('${id}', '${given}')`)
            : await attempt(
                client,
                actor,
                `update app.ticket set ${field.name} = ${value} where id = '${id}' returning id`,
              );
        // A row that may be touched and not be left so is refused for another reason than the field.
        if (can.update && changed.error !== undefined && leaves) continue;
        const same = field.name === "priority" && can.priority === 3;
        expect(field.update || same, `${field.name}, ${where}: ${field.reason}`).toBe(changed.count === 1);
      }
    }
  }
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
});
