import { expect, test } from "vitest";
import { readableLine } from "../../src/cli/logger.ts";
import { renderDiagnostic, renderDiagnostics } from "../../src/cli/render-diagnostics.ts";
import type { Diagnostic } from "../../src/errors/diagnostic.ts";

const finding: Diagnostic = {
  code: "EJS2103",
  severity: "error",
  message: 'Invoice.subtotal: InvoiceLine has no field "totl".',
  where: { file: "domain/invoice.model.ts", line: 21, column: 33, length: 4 },
  sourceLine: "        sum(lines.map(line => l.totl))",
  hint: 'Did you mean "total" (money)?',
};

test("place, code, message, the line without its indent, carets, hint", () => {
  expect(renderDiagnostic(finding)).toBe(
    [
      'domain/invoice.model.ts:21:33  EJS2103  Invoice.subtotal: InvoiceLine has no field "totl".',
      "    sum(lines.map(line => l.totl))",
      `    ${" ".repeat("sum(lines.map(line => l.".length)}^^^^   Did you mean "total" (money)?`,
    ].join("\n"),
  );
});

test("without a place: code, message, hint below", () => {
  const { where: _, sourceLine: __, ...bare } = finding;
  expect(renderDiagnostic(bare)).toBe(`EJS2103  ${finding.message}\n    ${finding.hint}`);
});

test("a very long line is cut around the place", () => {
  const sourceLine = `${"a".repeat(500)}HERE${"b".repeat(500)}`;
  const text = renderDiagnostic({ ...finding, sourceLine, where: { file: "x.ts", line: 1, column: 501, length: 4 } });
  const [, excerpt = "", carets = ""] = text.split("\n");
  expect(excerpt.length).toBeLessThan(160);
  expect(excerpt.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("HERE");
});

test("tabs count as one column, so that the caret stands under its word", () => {
  const text = renderDiagnostic({
    ...finding,
    sourceLine: "\tif\t(wrong)",
    where: { file: "x.ts", line: 1, column: 6, length: 5 },
  });
  const [, excerpt = "", carets = ""] = text.split("\n");
  expect(excerpt.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("wrong");
});

test("foreign text cannot write escapes to the terminal", () => {
  const text = renderDiagnostic({
    ...finding,
    message: "a\u001b[2Jb\rc",
    sourceLine: "x\u001b]0;title\u0007",
    hint: "h\u009b1m",
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be absent
  expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});

test("nor do lines of the log, which say what rows and servers have said", () => {
  const foreign = "x\u001b]0;owned\u0007\u009b31m\u202e\r";
  const stack = `Error: ${foreign}\n    at file`;
  const line = JSON.stringify({
    level: 30,
    time: 0,
    msg: foreign,
    title: foreign,
    [foreign]: { foreign },
    err: { stack },
  });
  const text = readableLine(line, false);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be absent
  expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  expect(text).toContain("\n    at file");
});

test("sorted by file and place, those without a place last", () => {
  const at = (file: string, line: number): Diagnostic => ({
    code: "EJS1",
    severity: "error",
    message: `${file}${line}`,
    where: { file, line, column: 1 },
  });
  const { where: _, ...bare } = finding;
  const text = renderDiagnostics([bare, at("b", 1), at("a", 10), at("a", 9)]);
  expect(text.match(/a9|a10|b1|EJS2103/g)).toEqual(["a9", "a10", "b1", "EJS2103"]);
});

test("colours only where asked for", () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour
  expect(renderDiagnostic(finding, { color: true })).toMatch(/\u001b\[/);
  expect(renderDiagnostic(finding)).not.toContain("\u001b");
});
