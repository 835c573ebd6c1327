import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorRegistry, errorStages } from "../../src/errors/registry.ts";

const root = join(import.meta.dirname, "../..");
const codes = Object.keys(errorRegistry).sort();

describe("the error registry", () => {
  it("gives every code once", () => {
    const all = Object.values(errorStages).flatMap((definitions) => Object.keys(definitions));
    expect(all.length).toBe(new Set(all).size);
    expect(all.length).toBeGreaterThan(20);
  });

  it("and docs/errors.md hold the same codes, in both directions", () => {
    const page = readFileSync(join(root, "docs/errors.md"), "utf8");
    const documented = [...page.matchAll(/^### (EJS\d{4}): /gm)].map(([, code]) => code as string).sort();
    expect(documented).toEqual(codes);
  });

  it("has every code that the sources give, and gives every code it has", () => {
    const used = new Set<string>();
    for (const file of globSync("{src,sql}/**/*.{ts,sql}", { cwd: root })) {
      if (/src\/errors\/[a-z]+-errors\.ts$/.test(file)) continue;
      for (const [code] of readFileSync(join(root, file), "utf8").matchAll(/\bEJS\d{4}\b/g)) used.add(code);
    }
    expect([...used].filter((code) => !(code in errorRegistry))).toEqual([]);
    expect(codes.filter((code) => !used.has(code))).toEqual([]);
  });

  it("tells for every code what, why and how to mend it", () => {
    for (const [code, { title, detail, hint }] of Object.entries(errorRegistry)) {
      expect(`${code} ${title}`.length, code).toBeGreaterThan(12);
      expect(detail.length, code).toBeGreaterThan(20);
      expect(hint.length, code).toBeGreaterThan(5);
    }
  });
});
