/** The files of the lints: their form, and that documentation and lints are the same list. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readLints } from "../../src/doctor/lint.ts";

const lints = readLints();
const page = readFileSync(join(import.meta.dirname, "../../docs/doctor.md"), "utf8");

test.each(lints.map((lint) => [lint.id, lint] as const))("%s", (id, lint) => {
  expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
  for (const sentence of [lint.title, lint.why, lint.fix]) expect(sentence).toMatch(/^\S.*[.`]$/);
  expect(lint.reference).toMatch(/^https:\/\//);
  // One statement, in small letters, that changes nothing.
  const code = lint.sql.replaceAll(/--.*$|'(?:[^']|'')*'|"[^"]*"/gm, "");
  expect(code.match(/;/g)).toHaveLength(1);
  expect(code.trim().endsWith(";")).toBe(true);
  expect(code.match(/\b(SELECT|FROM|WHERE|JOIN|AND|OR|NOT|CASE|WITH)\b/g)).toBeNull();
  expect(code.match(/\b(insert|update|delete|create|drop|alter) /g)).toBeNull();
  expect(lint.sql.split("\n").filter((line) => line.length > 175)).toEqual([]);
});

/** Whoever runs one file with psql has no other: what lints share stands in each, and is the same. */
test.each(["extension", "scope", "actor", "usable", "granted", "callable", "spoken"])(
  "%s is the same in every lint",
  (name) => {
    const texts = lints.flatMap(({ sql }) => {
      const start = sql.search(new RegExp(`^  --[^\\n]*\\n  ${name} as materialized \\(`, "m"));
      return start < 0 ? [] : [sql.slice(start, sql.indexOf("\n  )", start))];
    });
    expect(texts.length).toBeGreaterThan(1);
    expect(new Set(texts).size).toBe(1);
  },
);

test("docs/doctor.md lists every lint with its title, and no other", () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| [a-z, ]+ \| (.+) \|$/gm)].map(
    ([, id, title]) => `${id}: ${title}`,
  );
  expect(rows.sort()).toEqual(lints.map(({ id, title }) => `${id}: ${title}`).sort());
});

test("what docs/doctor.md maps to is a lint", () => {
  const section = page.slice(page.indexOf("## Supabase"));
  const mapped = [...section.matchAll(/^\| \d{4} `[a-z0-9_]+` \| (.*) \|$/gm)];
  expect(mapped).toHaveLength(29);
  const named = mapped.flatMap(([, text = ""]) => [...text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, id]) => id));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((id) => !lints.some((lint) => lint.id === id))).toEqual([]);
});
