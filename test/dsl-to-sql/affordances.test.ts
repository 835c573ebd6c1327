/** What an actor may do with a row, told beforehand: `app.invoice_can(row)`. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { invoicing } from "./support/invoicing.ts";
import { actors, attempt, buildInvoicing, invoices, type TestActor } from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";

describe.each(servers)("on $name", ({ missing, create }) => {
  let database: CoreDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    if (missing !== undefined) return;
    database = await create();
    client = await database.client();
    await buildInvoicing(client, invoicing());
  });
  afterAll(() => database?.drop());

  const can = async (actor: TestActor, id: string, columns = "*") => {
    const sql = `select ${columns} from app.invoice as i, app.invoice_can(i) as can where i.id = '${id}'`;
    const { rows, error } = await attempt(client, actor, sql);
    if (error !== undefined) throw error;
    return rows[0];
  };

  describe.skipIf(missing !== undefined)("affordances", () => {
    it("are nothing where nothing may be read", async () => {
      expect(await can(actors.stranger, invoices.sent)).toBeUndefined();
      expect(await can(actors.anonymous, invoices.sent)).toBeUndefined();
    });

    it("name the rules that would allow it", async () => {
      const { update, update_reason, delete: remove } = await can(actors.member, invoices.draft);
      expect({ update, update_reason, remove }).toEqual({
        update: false,
        update_reason: "Invoice.update is for: the owner or billing",
        remove: false,
      });
      const owner = await can(actors.owner, invoices.draft);
      expect([owner.update, owner.delete, owner.update_reason]).toEqual([true, true, null]);
    });

    it("tell of each action whether it is allowed, and else why not", async () => {
      const { transitions } = await can(actors.owner, invoices.empty);
      expect(transitions).toEqual([
        { name: "pay", allowed: false, reason: "is draft; pay starts from: sent" },
        { name: "remind", allowed: true, reason: null },
        { name: "send", allowed: false, reason: "needs a line" },
        { name: "void", allowed: true, reason: null },
      ]);
      const ofMember = await can(actors.member, invoices.sent);
      expect(ofMember.transitions[0]).toEqual({
        name: "pay",
        allowed: false,
        reason: "Invoice.pay is for: the owner or billing",
      });
    });

    it("tell of each field whether it may be changed", async () => {
      const { fields } = await can(actors.owner, invoices.sent);
      const byName = Object.fromEntries(fields.map((field: { name: string }) => [field.name, field]));
      expect(byName.number).toEqual({ name: "number", read: true, update: true, reason: null });
      expect(byName.status).toMatchObject({ update: false, reason: "Invoice.status is changed by: pay, send, void" });
      expect(byName.subtotal).toMatchObject({ read: true, update: false, reason: "Invoice.subtotal is computed" });
      const ofMember = (await can(actors.member, invoices.sent)).fields;
      expect(ofMember.find((field: { name: string }) => field.name === "number")).toEqual({
        name: "number",
        read: true,
        update: false,
        reason: "Invoice.update is for: the owner or billing",
      });
    });

    it("are part of the statement: no call per row, and what is asked of the actor is asked once", async () => {
      const page = `select i.id, can."update", can.transitions from app.invoice as i, app.invoice_can(i) as can order by i.id limit 50`;
      const { rows } = await attempt(client, actors.owner, `explain (verbose, costs off) ${page}`);
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      expect(plan).not.toContain("Function Scan");
      expect(plan).not.toContain("invoice_can(");
      expect(plan).toContain("InitPlan");
    });

    it("are as cheap as a value of a row: what is asked of the actor is asked once for all rows", async () => {
      const page = `select i.id, (select can."update" from app.invoice_can(i) as can) from app.invoice as i`;
      const { rows } = await attempt(client, actors.owner, `explain (analyze, verbose, costs off, timing off) ${page}`);
      const plan = rows.map((row) => row["QUERY PLAN"] as string);
      expect(plan.join("\n")).not.toContain("invoice_can(");
      const initial = plan.flatMap((line, i) => (/^ *InitPlan/.test(line) ? [plan[i + 1] ?? ""] : []));
      expect(initial.length).toBeGreaterThan(0);
      for (const line of initial) expect(line).toMatch(/loops=1\)|never executed/);
    });

    it("compute nothing that is not asked for", async () => {
      const sql = `explain (verbose, costs off) select can."update" from app.invoice as i, app.invoice_can(i) as can`;
      const { rows } = await attempt(client, actors.owner, sql);
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      expect(plan).not.toContain("needs a line");
      expect(plan).not.toContain("Invoice.pay");
    });
  });
});
