/**
 * Mutants of what the compiler prints, each put into the database in turn: the cases of the oracle must find every one out.
 * What survives is equivalent, and says here why.
 */
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectedAnswers } from "../../src/policy-test/case.ts";
import { answerWorld, forgedRow, isDifferent, type Question } from "../../src/policy-test/compare-world.ts";
import { Stage } from "../../src/policy-test/stage.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { library } from "./support/library.ts";
import { type Play, playOf } from "./support/oracle.ts";
import { type SqlMutant, sqlMutants } from "./support/sql-mutants.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
  await client.query("begin");
});
afterAll(async () => {
  await client?.query("rollback");
  await database?.drop();
});

/** Why a mutant changes nothing that any statement of an actor could tell. */
const EQUIVALENT: readonly { readonly mutant: RegExp; readonly because: string }[] = [
  {
    mutant: /check_\w+_member\(\): term 0 left out at .*terms\[2\]$/,
    because: "on INSERT there is no old row, and the other term is true",
  },
  {
    mutant: /(policy|rule)_book_\w+\(uuid, uuid\): term 0 left out at .body.select.columns\[0\].value$/,
    because: "no statement reaches a row of another tenant: the wall stands before it",
  },
  {
    mutant: /(lose|lend)_book\(uuid\): term 0 left out at .body.block.statements\[\d+\].(select.)?where$/,
    because: "the wall is enginejs_action's as well",
  },
  {
    mutant: /(lose|lend)_book\(uuid\): is not true left out at .*statements\[(4|6)\]/,
    because: "a state is never null",
  },
  { mutant: /deny_(insert|delete): term 0 left out/, because: "no action inserts or deletes" },
  { mutant: /app.book.reader_read: dropped/, because: "no condition reads books of other rows" },
  {
    mutant: /membership.actor_update: (with check \(true\)|= any → true at .withCheck)/,
    because: "the condition is of the actor alone, and USING has asked it",
  },
  {
    mutant: /shelf.actor_update: (term 1 left out at .withCheck|= any → true at .withCheck.terms\[1\])/,
    because: "this term is of the actor alone, and USING has asked it",
  },
  {
    mutant: /shelf.tenancy: with check \(true\)/,
    because:
      "a new row's tenant is the request's, it never changes, and without a tenant nobody has the role that a shelf takes",
  },
  { mutant: /tenancy_update: with check \(true\)/, because: "the tenant of a row never changes: 10_immutable" },
  { mutant: /actor_roles: nullif left out/, because: "begin_request never leaves the setting empty" },
];

const isEquivalent = (name: string): boolean => EQUIVALENT.some(({ mutant }) => mutant.test(name));

const SEEDS = [1, 2, 3, 4, 5];

/** How many mutants each actor has found out so far. */
const finds = new Map<Question["by"], number>();

/** Whether any question is answered otherwise under a mutant. */
async function isFoundOut(stage: Stage, play: Play, questions: readonly Question[]): Promise<boolean> {
  // Those who are something somewhere tell the most, and of them those who have told the most: the first one ends it.
  const rank = (by: Question["by"]) => Number(by.actor.kind === "user") + (finds.get(by) ?? 0);
  const byActor = [...Map.groupBy(questions, (question) => question.by)].toSorted(([a], [b]) => rank(b) - rank(a));
  for (const [by, own] of byActor) {
    const view = play.authorization.as(play.world.world, by.actor, by.request);
    const isDifferent = await stage.undone(async () => {
      await stage.act(by, forgedRow(view, own));
      const answers = await stage.ask(
        play.authorization,
        own.map((question) => question.case),
      );
      return own.some((question, i) => !expected(play, question).includes(answers[i] ?? ""));
    });
    if (isDifferent) {
      finds.set(by, (finds.get(by) ?? 0) + 1);
      return true;
    }
  }
  return false;
}

const known = new Map<Question, readonly string[]>();
function expected(play: Play, question: Question): readonly string[] {
  const answers =
    known.get(question) ??
    expectedAnswers(
      play.authorization,
      play.authorization.as(play.world.world, question.by.actor, question.by.request),
      question.case,
    );
  known.set(question, answers);
  return answers;
}

test("every mutant of the compiled SQL is found out", { timeout: 1_800_000 }, async () => {
  const stage = new Stage(client);
  const now = await stage.now();
  const [first, ...others] = SEEDS.map((seed, i) => playOf(library(), seed, now, { sharedIds: i > 0, rows: 12 }));
  if (first === undefined) throw new Error("no play");
  await stage.install(first.compiled);
  const plays = [first, ...others];
  // Without a mutant both sides agree.
  for (const play of plays) {
    const answers = await answerWorld(stage, play.authorization, play.world, play.questions);
    expect(answers.filter(isDifferent)).toEqual([]);
  }
  const mutants = [
    ...sqlMutants(first.compiled, ["Book", "Shelf", "Membership"]),
    ...coreMutants(await coreFunctions()),
  ];
  let waiting: readonly SqlMutant[] = mutants;
  for (const play of plays) {
    const survivors: SqlMutant[] = [];
    // A foreign key without its tenant needs an id that is unique without its tenant: only the first world has such.
    await stage.undone(async () => {
      await stage.load(play.authorization, play.world.world);
      for (const mutant of waiting) {
        const found = await stage.undone(async () => {
          await client.query(
            `${mutant.role === "login" ? "reset role" : `set local role ${mutant.role}`};\n${mutant.sql}\nreset role;`,
          );
          const near = play.questions.filter(
            ({ case: { entity } }) => /^(function )?enginejs|reader_read/.test(mutant.name) || entity === mutant.entity,
          );
          return isFoundOut(stage, play, near);
        });
        if (!found) survivors.push(mutant);
      }
    });
    // What no statement can tell has had its chance in one world.
    waiting = survivors.filter(({ name }) => play !== first || !isEquivalent(name));
  }
  console.log(`${mutants.length} mutants, ${waiting.length} survived unexplained`);
  const unexplained = waiting.filter(({ name }) => !isEquivalent(name));
  expect(unexplained.map(({ name, sql }) => `${name}\n${sql}`)).toEqual([]);
});

async function coreFunctions(): Promise<{ name: string; definition: string }[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select proname::text as name, pg_get_functiondef(oid) as definition from pg_proc
      where pronamespace = 'enginejs'::regnamespace and proname in ('actor_id', 'tenant_id', 'actor_roles')`,
  );
  return rows;
}

/** The core's functions that every policy asks: an empty setting must be nobody. */
function coreMutants(functions: readonly { name: string; definition: string }[]): SqlMutant[] {
  return functions.map(({ name, definition }) => {
    const sql = definition.replace(/nullif\(([^()]*\([^()]*\)), ''(?:::text)?\)/i, "$1");
    expect(sql).not.toBe(definition);
    return { name: `enginejs.${name}: nullif left out`, entity: "", role: "enginejs_reader", sql: `${sql};` };
  });
}
