/** The rows above a row, over a reference of its entity to itself: checked, evaluated, and in PostgreSQL. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Catalog,
  check,
  type Environment,
  entitiesRead,
  evaluate,
  isTrue,
  references,
  toCondition,
  toSql,
} from "../../src/expression/index.ts";
import { printExpression } from "../../src/sql-ast/print-expression.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { catalog, environment, sameRow } from "./support/shop.ts";

const coreOf = (text: string, env: Environment) => {
  const result = check(text, env);
  if (!result.ok) throw new Error(result.errors.map(({ code, message }) => `${code} ${message}`).join("; "));
  return result.core;
};

describe("errors", () => {
  test.each([
    [
      'row.ancestors("previos").size()',
      "EJS2012",
      'Did you mean "previous"? References of Invoice to itself: previous.',
    ],
    ['row.team.ancestors("lead").size()', "EJS2015", "References of Team to itself: parent."],
    ['row.ancestors("qty").size()', "EJS2015", "References of Invoice to itself: previous."],
    ["row.ancestors(row.code).size()", "EJS2015", 'Write row.ancestors("previous").'],
    ['row.selfAndAncestors("previous", 1).size()', "EJS2015", 'Write row.selfAndAncestors("previous").'],
    ["row.ancestors().size()", "EJS2015", 'Write row.ancestors("previous").'],
    ['row.lines.ancestors("previous").size()', "EJS2014", "Methods: exists, all, filter, map, size."],
    ['row.anestors("previous").size()', "EJS2014", 'Did you mean "ancestors"? Methods: ancestors, selfAndAncestors.'],
    ['row.ancestors("previous")', "EJS2021", undefined],
    ['ancestors("previous")', "EJS2014", 'It is a method: write x.ancestors("parent").'],
  ])("%s", (text, code, hint) => {
    const result = check(text, environment);
    expect(result.ok ? [] : result.errors.map((error) => error.code)).toEqual([code]);
    if (!result.ok && hint !== undefined) expect(result.errors[0]?.hint).toBe(hint);
  });

  test("a constraint sees its own row only", () => {
    const result = check('row.ancestors("previous").size() == 0', sameRow);
    expect(result.ok ? [] : result.errors.map(({ code }) => code)).toEqual(["EJS2025"]);
  });
});

test("what is read of which table", () => {
  const core = coreOf('row.team.ancestors("parent").exists(t, t.lead.id == actor.id)', environment);
  expect([...entitiesRead(core)]).toEqual(["Team"]);
  const columns = references(core).filter(({ variable }) => variable === "row");
  expect(columns.map(({ entity, column }) => `${entity}.${column}`)).toEqual(
    expect.arrayContaining(["Invoice.team_id", "Team.parent_id", "Team.id", "Team.lead_id"]),
  );
});

/** Folders of one tenant, or of none. */
const folders = (tenant: boolean): Catalog => ({
  entities: new Map([
    [
      "Folder",
      {
        name: "Folder",
        table: { schema: "t", name: "fol der" },
        key: tenant ? ["tenant_id", "id"] : ["id"],
        fields: new Map([
          ["id", { kind: "column", type: { kind: "int" }, nullable: false, column: "id" }],
          ["owner", { kind: "column", type: { kind: "string" }, nullable: true, column: "owner" }],
          [
            "parent",
            {
              kind: "one",
              entity: "Folder",
              nullable: true,
              columns: [
                ...(tenant ? [{ column: "tenant_id", references: "tenant_id" }] : []),
                { column: "parent_id", references: "id" },
              ],
            },
          ],
        ]),
      },
    ],
  ]),
});
const ofFolders = (tenant: boolean): Environment => ({
  catalog: folders(tenant),
  variables: { row: { kind: "row", entity: "Folder", nullable: false, alias: "f" } },
});

describe("in PostgreSQL", () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = await database.client();
    await client.query(`
      create schema t;
      create table t."fol der" (tenant_id int not null, id int not null, parent_id int, owner text, primary key (tenant_id, id));
      insert into t."fol der" values
        (1, 1, null, 'ann'), (1, 2, 1, 'bob'), (1, 3, 2, null), (1, 4, 4, 'cid'), (1, 5, 6, 'dan'), (1, 6, 5, 'eve'),
        (2, 1, null, 'zoe'), (2, 2, 1, 'zoe'), (2, 7, 2, 'zoe');
    `);
  });
  afterAll(() => database.drop());

  const ids = async (text: string, from = `t."fol der"`) => {
    const sql = printExpression(toCondition(coreOf(text, ofFolders(true))));
    const { rows } = await client.query(`select id from ${from} as f where tenant_id = 1 and ${sql} order by id`);
    return rows.map(({ id }) => id);
  };

  test.each([
    [`row.ancestors("parent").exists(f, f.owner == "ann")`, [2, 3]],
    [`row.selfAndAncestors("parent").exists(f, f.owner == "ann")`, [1, 2, 3]],
    // In a circle the row is above itself, once.
    [`row.ancestors("parent").exists(f, f.id == row.id)`, [4, 5, 6]],
    [`row.ancestors("parent").size() == 2`, [3, 5, 6]],
    [`row.selfAndAncestors("parent").size() == 1`, [1, 4]],
    [`row.selfAndAncestors("parent").size() == 3`, [3]],
    [`row.parent.selfAndAncestors("parent").size() == 2`, [3, 5, 6]],
    [`row.selfAndAncestors("parent").all(f, f.owner != "ann")`, [4, 5, 6]],
    // Of another tenant's folders of the same ids none is asked.
    [`row.selfAndAncestors("parent").exists(f, f.owner == "zoe")`, []],
    [`row.ancestors("parent").filter(f, f.owner == "bob").map(f, f.id).sum() == 2`, [3]],
    [`row.ancestors("parent").exists(f, f.ancestors("parent").exists(g, g.owner == "ann"))`, [3]],
  ])("%s", async (text, expected) => {
    expect(await ids(text)).toEqual(expected);
  });

  test("a row that is still to come is asked itself, and counted once", async () => {
    const given = "(values (1, 9, 1, 'new'), (1, 2, 9, 'moved')) v(tenant_id, id, parent_id, owner)";
    const from = `(select * from ${given})`;
    expect(await ids(`row.selfAndAncestors("parent").exists(f, f.owner == "new")`, from)).toEqual([9]);
    expect(await ids(`row.selfAndAncestors("parent").size() == 2`, from)).toEqual([9]);
    // As it will be, not as it was.
    expect(await ids(`row.selfAndAncestors("parent").exists(f, f.owner == "bob")`, from)).toEqual([]);
    expect(await ids(`row.selfAndAncestors("parent").all(f, f.owner == "moved")`, from)).toEqual([2]);
  });

  test("without a tenant", () => {
    const core = coreOf('row.ancestors("parent").size()', ofFolders(false));
    expect(printExpression(toSql(core))).not.toContain("tenant_id");
  });
});

describe("over rows in memory", () => {
  interface Folder {
    id: bigint;
    owner: string | null;
    parent: Folder | null;
  }
  const root: Folder = { id: 1n, owner: "ann", parent: null };
  const child: Folder = { id: 2n, owner: null, parent: root };
  const first: Folder = { id: 5n, owner: "dan", parent: null };
  const second: Folder = { id: 6n, owner: "eve", parent: first };
  first.parent = second;

  test.each([
    ["ancestors", root, 0n],
    ["selfAndAncestors", root, 1n],
    ["ancestors", child, 1n],
    ["ancestors", first, 2n],
    ["selfAndAncestors", second, 2n],
  ])("%s", (method, row, count) => {
    expect(evaluate(coreOf(`row.${method}("parent").size()`, ofFolders(true)), { variables: { row } })).toBe(count);
  });

  test("each is met once, also where it is another object each time", () => {
    const row = (id: bigint): object => ({
      id,
      owner: "x",
      get parent() {
        return row(id === 1n ? 2n : 1n);
      },
    });
    const core = coreOf(`row.ancestors("parent").size() == 2`, ofFolders(true));
    expect(isTrue(core, { variables: { row: row(1n) } })).toBe(true);
  });
});

describe("a field in a side table", () => {
  const sql = (text: string) => printExpression(toSql(coreOf(text, environment)));

  test("is found by the key of its row", () => {
    expect(sql("row.margin")).toBe(
      "(select t1.margin from shop.invoice_margin as t1 where t1.tenant_id = r.tenant_id and t1.id = r.id)",
    );
  });

  test("behind a reference by the reference alone", () => {
    expect(sql("row.owner.salary")).toBe("(select t1.salary from shop.person_salary as t1 where t1.id = r.owner_id)");
    expect(sql("row.home.secret")).not.toContain("shop.team ");
  });

  test("may be null, and is not for a constraint", () => {
    expect(coreOf("row.margin", environment).nullable).toBe(true);
    const result = check("row.margin > 0", sameRow);
    expect(result.ok ? [] : result.errors.map(({ code }) => code)).toEqual(["EJS2025"]);
  });

  test("is no column of the row's table", () => {
    expect(references(coreOf("row.margin > 1", environment)).map(({ column }) => column)).toEqual(["tenant_id", "id"]);
  });
});

test("the catalog of these tests has what they name", () => {
  expect(catalog.entities.get("Invoice")?.fields.get("margin")?.kind).toBe("side");
});
