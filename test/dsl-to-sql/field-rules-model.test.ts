/** Field rules as a model says them, by chain of managers, on a real database. */
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { buildProject } from "../support/build-project.ts";
import { attempt, outcome, people, type TestActor, tenants } from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";

const employee = (n: number): string => `00000000-0000-7000-8000-0000000007${String(n).padStart(2, "0")}`;
const [boss, lead, worker] = [employee(1), employee(2), employee(3)];
const as = (id: string): TestActor => ({ role: "enginejs_user", id, tenant: tenants.ours });
const { owner: ofBoss, member: ofLead, nobody: ofWorker, biller } = people;

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    const built = await buildProject(join(import.meta.dirname, "../dsl/cases/authorization"));
    if (built.system === undefined) throw new Error(JSON.stringify(built.diagnostics));
    const { system, sourceMap } = built;
    database = await create();
    client = await database.client();
    const compiled = compile(system, sourceMap);
    const { plan } = await planBuild(client, compiled);
    await applyPlan(client, plan, { system, compiled });
    expect((await planBuild(client, compile(system, sourceMap))).plan.empty).toBe(true);
    const roles = (name: string): string => (name === biller ? "{billing}" : "{member}");
    await client.query(`
      set role enginejs_owner;
      insert into app.tenant (id) values ('${tenants.ours}');
      insert into app."user" (id) select unnest('{${[ofBoss, ofLead, ofWorker, biller].join()}}'::uuid[]);
      insert into app.membership (tenant_id, user_id, roles) values
        ${[ofBoss, ofLead, ofWorker, biller].map((id) => `('${tenants.ours}', '${id}', '${roles(id)}')`).join(", ")};
      insert into app.employee (tenant_id, id, name, user_id, manager_id) values
        ('${tenants.ours}', '${boss}', 'boss', '${ofBoss}', null),
        ('${tenants.ours}', '${lead}', 'lead', '${ofLead}', '${boss}'),
        ('${tenants.ours}', '${worker}', 'worker', '${ofWorker}', '${lead}');
      update app.employee_salary set salary = case id when '${boss}' then 300 when '${lead}' then 200 else 100 end;
      reset role`);
  });
  afterAll(() => database?.drop());

  const seen = async (id: string): Promise<string> => {
    const sql = `select string_agg(concat_ws(' ', name, app.employee_salary(e), app.employee_doubled(e)), ', ' order by name) as seen from app.employee e`;
    const { rows, error } = await attempt(client, as(id), sql);
    return error?.message ?? rows[0].seen;
  };

  test.skipIf(missing)("the chain of managers sees what is below, everybody sees himself", async () => {
    expect(await seen(ofBoss)).toBe("boss 300 600, lead 200 400, worker 100 200");
    expect(await seen(ofLead)).toBe("boss, lead 200 400, worker 100 200");
    expect(await seen(ofWorker)).toBe("boss, lead, worker 100 200");
    expect(await seen(biller)).toBe("boss, lead, worker");
  });

  test.skipIf(missing)(
    "what is required and has a default is there from the start, and is never taken away",
    async () => {
      const nothing = await client
        .query(`begin; set local role enginejs_owner; update app.employee_salary set salary = null`)
        .catch((error: Error) => error);
      await client.query("rollback");
      expect(nothing).toMatchObject({ code: "23502", table: "employee_salary", column: "salary" });
    },
  );

  test.skipIf(missing)("whoever may not update the row gives no field of it a value", async () => {
    expect(await outcome(client, as(ofLead), `update app.employee_salary set salary = 1 where id = '${worker}'`)).toBe(
      0,
    );
    expect(await outcome(client, as(ofLead), `select from app.update_employee('${worker}', '{"salary": 1}')`)).toBe(
      "EJ404",
    );
    expect(await outcome(client, as(ofWorker), "update app.employee_note set note = 'x'")).toBe(0);
    const long = `set local role enginejs_owner; update app.employee_note set note = repeat('x', 201)`;
    const refused = await client.query(`begin; ${long}`).catch((error: Error) => error);
    await client.query("rollback");
    expect(refused).toMatchObject({ code: "23514", constraint: "employee_note_note_check" });
  });
});
