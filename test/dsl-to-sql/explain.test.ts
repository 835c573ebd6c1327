/** Every rule that speaks, its verdict and the first term that failed: `app.explain_invoice` and `enginejs.explain`. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { invoicing } from "./support/invoicing.ts";
import {
  actors,
  attempt,
  buildInvoicing,
  invoices,
  lines as lineIds,
  people,
  tenants,
} from "./support/invoicing-database.ts";
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

  interface Line {
    readonly rule: string;
    readonly effect: string;
    readonly verdict: boolean | null;
    readonly failed: string | null;
    readonly terms: readonly {
      readonly term: string;
      readonly any?: readonly { readonly verdict: boolean | null }[];
    }[];
  }

  async function explain(
    actor: string | null,
    entity: string,
    command: string,
    id: string | null = null,
    tenant: string = tenants.ours,
  ): Promise<Line[]> {
    await client.query("set role enginejs_owner");
    try {
      const sql =
        "select rule, effect, verdict, failed, terms from enginejs.explain($1, $2, $3, $4, $5) order by ordinal";
      return (await client.query<Line>(sql, [actor, tenant, entity, command, id])).rows;
    } finally {
      await client.query("reset role");
    }
  }

  const lines = (explained: readonly Line[]) => explained.map(({ rule, verdict }) => [rule, verdict]);
  const last = (explained: readonly Line[]) => explained.at(-1);

  describe.skipIf(missing !== undefined)("enginejs.explain", () => {
    it("tells each rule, its verdict, and the first term that failed", async () => {
      const explained = await explain(people.member, "Invoice", "update", invoices.draft);
      expect(lines(explained)).toEqual([
        ["tenancy", true],
        ["the owner or billing", false],
        ["verdict", false],
      ]);
      const text = 'row.owner.id == actor.id || "billing" in actor.roles';
      expect(explained[1]?.failed).toBe(text);
      expect(explained[1]?.terms).toEqual([
        {
          term: text,
          verdict: false,
          any: [
            { term: "row.owner.id == actor.id", verdict: false },
            { term: '"billing" in actor.roles', verdict: false },
          ],
        },
      ]);
      expect(last(explained)?.failed).toBe("denied: Invoice.update is for: the owner or billing");
    });

    it("tells what allows it", async () => {
      const explained = await explain(people.biller, "Invoice", "update", invoices.draft);
      expect(last(explained)).toMatchObject({ verdict: true, failed: "allowed: the owner or billing" });
    });

    it("goes through an action's rule, state and guards", async () => {
      const explained = await explain(people.owner, "Invoice", "send", invoices.empty);
      expect(explained.map(({ rule, effect, verdict, failed }) => [effect, rule, verdict, failed])).toEqual([
        ["tenancy", "tenancy", true, null],
        ["allow", "the owner or billing", true, null],
        ["state", "status", true, null],
        ["guard", "needs a line", false, "row.lines.size() > 0"],
        ["verdict", "verdict", false, "denied: needs a line"],
      ]);
      const paid = await explain(people.owner, "Invoice", "pay", invoices.empty);
      expect(last(paid)?.failed).toBe("denied: status: pay starts from: sent");
    });

    it("names the first of several terms that fails", async () => {
      const explained = await explain(people.biller, "InvoiceLine", "update", lineIds.sent);
      expect(explained[1]).toMatchObject({
        rule: "the invoice's owner or billing, while it is a draft",
        failed: 'row.invoice.status == "draft"',
      });
    });

    it("says that a row does not exist, and of one that may not be read that it does not for this actor", async () => {
      const none = await explain(people.owner, "Invoice", "update", "00000000-0000-0000-0000-000000000009");
      expect(none).toMatchObject([
        { verdict: false, failed: "Invoice 00000000-0000-0000-0000-000000000009 does not exist" },
      ]);
      const hidden = await explain(people.stranger, "Invoice", "update", invoices.draft, tenants.theirs);
      expect(last(hidden)).toMatchObject({ verdict: false });
      expect(last(hidden)?.failed).toMatch(
        `denied: Invoice ${invoices.draft} does not exist for this actor: tenancy: rows of the request's tenant only`,
      );
    });

    it("knows without a row what holds whichever it is", async () => {
      expect(last(await explain(people.biller, "Invoice", "create"))?.verdict).toBe(true);
      const member = last(await explain(people.member, "Invoice", "create"));
      expect(member).toMatchObject({ verdict: null });
      expect(member?.failed).toMatch("depends on the row: ");
      expect(last(await explain(people.stranger, "Invoice", "create"))?.verdict).toBe(false);
      expect(last(await explain(null, "Invoice", "create"))?.verdict).toBe(false);
      expect(last(await explain(people.member, "Customer", "create"))?.verdict).toBe(false);
    });

    it("answers for a field that is named", async () => {
      const status = last(await explain(people.owner, "Invoice", "update status", invoices.draft));
      expect(status).toMatchObject({
        verdict: false,
        failed: "denied: field.status write: is changed by: pay, send, void",
      });
      expect(last(await explain(people.owner, "Invoice", "update number", invoices.draft))?.verdict).toBe(true);
    });

    it("refuses what the model does not know", async () => {
      await expect(explain(people.owner, "Invoice", "fly", invoices.draft)).rejects.toThrow(
        'explain: the model has no "Invoice" that knows "fly"',
      );
      await expect(explain(people.owner, "invoice", "update")).rejects.toThrow("the model has no invoice");
    });

    it("puts the settings back, also where it fails", async () => {
      const { rows } = await attempt(
        client,
        actors.owner,
        `reset role;
         savepoint before;
         select from enginejs.explain('${people.biller}', '${tenants.ours}', 'Invoice', 'update', '${invoices.draft}');
         select current_setting('enginejs.actor_id') as actor, current_setting('enginejs.roles') as roles;`,
      );
      expect(rows).toEqual([{ actor: people.owner, roles: "{member}" }]);
      await client.query("begin");
      await client.query(
        "select set_config('enginejs.actor_id', $1, true), set_config('role', 'enginejs_owner', true)",
        [people.owner],
      );
      await client.query("savepoint before");
      await expect(
        client.query("select from enginejs.explain($1, $2, 'Invoice', 'fly')", [people.biller, tenants.ours]),
      ).rejects.toThrow();
      await client.query("rollback to savepoint before");
      const after = await client.query("select current_setting('enginejs.actor_id') as actor");
      expect(after.rows).toEqual([{ actor: people.owner }]);
      await client.query("rollback");
    });

    it("is for builders: no actor may call it, nor what it asks", async () => {
      for (const actor of [actors.owner, actors.anonymous, actors.system]) {
        const call = `select from enginejs.explain(null, null, 'Invoice', 'read', '${invoices.draft}')`;
        expect((await attempt(client, actor, call)).error?.code).toBe("42501");
        const own = await attempt(client, actor, `select from app.explain_invoice('read', '${invoices.draft}')`);
        expect(own.error?.code).toBe("42501");
        const rules = `select from enginejs.explain_rules('Invoice', 'read', '${invoices.draft}')`;
        expect((await attempt(client, actor, rules)).error?.code).toBe("42501");
      }
    });
  });
});
