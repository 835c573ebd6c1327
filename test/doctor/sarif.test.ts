import { expect, test } from "vitest";
import type { Finding } from "../../src/doctor/finding.ts";
import { applyIgnoreList } from "../../src/doctor/ignore-list.ts";
import { readLints } from "../../src/doctor/lint.ts";
import { toSarif } from "../../src/doctor/sarif.ts";

const lints = readLints();
const finding = (id: string, level: Finding["level"], object: string): Finding => {
  const lint = lints.find((one) => one.id === id);
  if (lint === undefined) throw new Error(id);
  return {
    id,
    level,
    object,
    kind: "table",
    what: `${object} it is.`,
    why: lint.why,
    fix: "select 1;",
    advice: lint.fix,
    reference: lint.reference,
  };
};
const findings = [
  finding("rls-disabled", "error", `app."a.b:c*"`),
  finding("grant-all", "warn", "app.x"),
  finding("no-primary-key", "info", "app.y"),
];

test("SARIF has what its schema asks for", () => {
  const report = toSarif({
    findings,
    lints,
    skipped: [{ id: "grant-all", reason: "no" }],
    database: "my db",
    version: "1.2.3",
  });
  expect(report.version).toBe("2.1.0");
  expect(report.$schema).toContain("sarif-2.1.0");
  const [run] = report.runs;
  expect(run?.tool.driver.name).toBe("enginejs doctor");
  const rules = run?.tool.driver.rules ?? [];
  expect(new Set(rules.map(({ id }) => id)).size).toBe(lints.length);
  for (const rule of rules)
    for (const text of [rule.shortDescription, rule.fullDescription, rule.help]) expect(text.text).not.toBe("");
  for (const result of run?.results ?? []) {
    expect(rules[result.ruleIndex]?.id).toBe(result.ruleId);
    expect(["error", "warning", "note"]).toContain(result.level);
    expect(result.message.text).not.toBe("");
    expect(URL.canParse(result.locations[0]?.physicalLocation.artifactLocation.uri ?? "", "file:///")).toBe(true);
    expect(Object.values(result.partialFingerprints).every((value) => typeof value === "string")).toBe(true);
  }
  expect(run?.results.map(({ level }) => level)).toEqual(["error", "warning", "note"]);
  expect(run?.invocations[0]?.executionSuccessful).toBe(false);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test.each([
  [["rls-disabled"], ["app.x", "app.y"]],
  [['rls-disabled:app."a.b:c*"'], ["app.x", "app.y"]],
  [["rls-disabled:app.x"], [`app."a.b:c*"`, "app.x", "app.y"]],
  [["grant-all:app.*", "no-primary-key:*.y"], [`app."a.b:c*"`]],
  [["grant-all:app."], [`app."a.b:c*"`, "app.x", "app.y"]],
])("the ignore list %j leaves %j", (entries, left) => {
  expect(applyIgnoreList(findings, entries, lints).left.map(({ object }) => object)).toEqual(left);
});

test("an entry that names no lint, and one that is not needed", () => {
  expect(() => applyIgnoreList([], ["rls-disabeld:app.x"], lints)).toThrow('There is no lint "rls-disabeld".');
  expect(applyIgnoreList(findings, ["grant-all", "grant-option"], lints).unused).toEqual(["grant-option"]);
});
