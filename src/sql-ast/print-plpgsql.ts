/** pl/pgSQL tree → text, one statement per line. */
import type { SqlExpression } from "./expressions.ts";
import type { BlockNode, PlpgsqlStatement } from "./plpgsql.ts";
import { printExpression, printName, printType } from "./print-expression.ts";
import { printConditionLines, printSelectLines } from "./print-select.ts";
import { quoteIdentifier, quoteLiteral } from "./quote.ts";

export function printBlock(block: BlockNode): string {
  const lines: string[] = block.conflicts === undefined ? [] : ["#variable_conflict use_column"];
  if (block.declarations.length > 0) {
    lines.push("declare");
    for (const { name, type, value } of block.declarations) {
      const typeName = typeof type === "string" ? printType(type) : printName(type);
      lines.push(
        `  ${quoteIdentifier(name)} ${typeName}${value === undefined ? "" : ` := ${printExpression(value)}`};`,
      );
    }
  }
  lines.push("begin", ...indent(block.statements.flatMap(printStatementLines)), "end");
  return lines.join("\n");
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** The last line of a statement gets its semicolon. */
const ended = (lines: readonly string[]): string[] => lines.map((l, i) => (i === lines.length - 1 ? `${l};` : l));

/** pl/pgSQL looks for the first `then` outside of parentheses: that of a `case` would end the condition. */
function branchCondition(when: SqlExpression): string {
  const text = printExpression(when);
  return /\bthen\b/.test(text) ? `(${text})` : text;
}

function printStatementLines(node: PlpgsqlStatement): string[] {
  switch (node.kind) {
    case "remark":
      return node.text.split(/\r\n|\r|\n/).map((line) => `-- ${line}`.trimEnd());
    case "assign":
      return [`${quoteIdentifier(node.variable)} := ${printExpression(node.value)};`];
    case "select into":
      return ended(printSelectLines(node.select, node.into));
    case "update": {
      const set = node.set.map((s) => `${quoteIdentifier(s.column)} = ${printExpression(s.value)}`);
      const lines = [
        `update ${printName(node.table)} as ${quoteIdentifier(node.alias)}`,
        `set ${set.join(", ")}`,
        ...printConditionLines("where ", node.where),
      ];
      if (node.returningInto !== undefined) {
        lines.push(`returning ${quoteIdentifier(node.alias)}.* into ${quoteIdentifier(node.returningInto)}`);
      }
      return ended(lines);
    }
    case "insert": {
      const into = `insert into ${printName(node.table)} as ${quoteIdentifier(node.alias)}`;
      const lines =
        node.columns.length === 0
          ? [`${into} default values`]
          : [`${into} (${node.columns.map(quoteIdentifier).join(", ")})`, ...printSelectLines(node.select)];
      if (node.returningInto !== undefined) {
        lines.push(`returning ${quoteIdentifier(node.alias)}.* into ${quoteIdentifier(node.returningInto)}`);
      }
      return ended(lines);
    }
    case "perform":
      if (node.values.length === 1) return [`perform ${node.values.map(printExpression).join("")};`];
      return ended([
        "perform",
        ...node.values.map((value, i) => `  ${printExpression(value)}${i < node.values.length - 1 ? "," : ""}`),
      ]);
    case "if":
      return [
        ...node.branches.flatMap(({ when, body }, i) => [
          `${i === 0 ? "if" : "elsif"} ${branchCondition(when)} then`,
          ...indent(body.flatMap(printStatementLines)),
        ]),
        ...(node.otherwise === undefined ? [] : ["else", ...indent(node.otherwise.flatMap(printStatementLines))]),
        "end if;",
      ];
    case "raise": {
      const options = [`errcode = ${quoteLiteral(node.sqlState)}`, `message = ${printExpression(node.message)}`];
      if (node.detail !== undefined) options.push(`detail = ${printExpression(node.detail)}`);
      if (node.column !== undefined) options.push(`column = ${quoteLiteral(node.column)}`);
      if (node.table !== undefined) options.push(`table = ${quoteLiteral(node.table)}`);
      return ["raise exception using", ...ended(options.map((o, i) => `  ${o}${i < options.length - 1 ? "," : ""}`))];
    }
    case "statement text":
      // One line to those who indent: there may be line breaks inside of its constants.
      return [`${node.text}\ninto ${quoteIdentifier(node.into)};`];
    case "return":
      return [`return ${printExpression(node.value)};`];
    default:
      return node satisfies never;
  }
}
