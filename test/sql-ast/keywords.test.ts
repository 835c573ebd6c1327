/** The list of key words against the server's own. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { isKeyword, RESERVED_KEYWORDS } from "../../src/sql-ast/keywords.ts";
import { quoteBody, quoteIdentifier, quoteLiteral } from "../../src/sql-ast/quote.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("every key word that the server has is known", async () => {
  const client = await database.client();
  const { rows } = await client.query<{ word: string; catcode: string }>(
    "select word, catcode::text from pg_get_keywords() where catcode <> 'U'",
  );
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter(({ word }) => !isKeyword(word))).toEqual([]);
  expect(rows.filter(({ word, catcode }) => "RT".includes(catcode) && !RESERVED_KEYWORDS.has(word))).toEqual([]);
});

test("a name comes back as it was given, and stands bare where it can", async () => {
  const client = await database.client();
  const names = [
    "invoice",
    "user",
    "order",
    "10_immutable",
    "Invoice",
    'a"b',
    "a b",
    "größe",
    "between",
    "values",
    "_x",
    "a$b",
    "🦀",
  ];
  for (const name of names) {
    const { fields } = await client.query(`select 1 as ${quoteIdentifier(name)}`);
    expect(fields[0]?.name).toBe(name);
    await client.query(
      `create temp table ${quoteIdentifier(name)} (${quoteIdentifier(name)} int); drop table ${quoteIdentifier(name)}`,
    );
  }
  expect(names.filter((name) => !quoteIdentifier(name).startsWith('"'))).toEqual(["invoice", "_x"]);
});

test("a constant and a body come back as they were given, whatever standard_conforming_strings says", async () => {
  const client = await database.client();
  const texts = ["", "'", "\\", "\\'", "$$", "$function$", "$function", "a\nb", "--", "🦀", "$function1$ $function$"];
  for (const setting of ["on", "off"]) {
    await client.query(`set standard_conforming_strings = ${setting}; set escape_string_warning = off`);
    for (const text of texts) {
      const { rows } = await client.query(
        `select ${quoteLiteral(text)}::text as literal, ${quoteBody(text, "function")}::text as body`,
      );
      expect(rows[0]).toEqual({ literal: text, body: `\n${text}\n` });
    }
  }
});
