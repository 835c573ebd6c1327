/** The JavaScript of a callback as acorn reads it. */
import { type AnyNode, type Expression, type Function as FunctionNode, parse } from "acorn";

/**
 * The source of a callback as JavaScript syntax, and how many characters were put before it; undefined where it is no function.
 * `fn.toString()` gives arrow functions and function expressions as they are, methods without the object around.
 */
export function parseCallback(source: string): { node: FunctionNode; offset: number } | undefined {
  for (const [before, after] of [
    ["(", ")"],
    ["({", "})"],
  ] as const) {
    try {
      const program = parse(`${before}${source}\n${after}`, { ecmaVersion: "latest", sourceType: "module" });
      const [statement] = program.body;
      if (statement?.type !== "ExpressionStatement") continue;
      let { expression }: { expression: Expression } = statement;
      if (expression.type === "ObjectExpression") {
        const [property] = expression.properties;
        if (property?.type === "Property") expression = property.value;
      }
      if (expression.type === "ArrowFunctionExpression" || expression.type === "FunctionExpression") {
        return { node: expression, offset: before.length };
      }
    } catch (error) {
      // The other form is tried next; what is no function at all has no operators.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return undefined;
}

export const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

export const isFunction = (node: AnyNode): node is FunctionNode & AnyNode =>
  node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression";

/** An array literal, or what its methods make of it. */
export function isJavaScriptList(node: AnyNode): boolean {
  if (node.type === "ArrayExpression") return true;
  return (
    node.type === "CallExpression" && node.callee.type === "MemberExpression" && isJavaScriptList(node.callee.object)
  );
}

/** The variables that an assignment gives a value. */
export function assignedNames(pattern: AnyNode): string[] {
  if (pattern.type === "Identifier") return [pattern.name];
  if (pattern.type === "ObjectPattern") {
    return pattern.properties.flatMap((each) =>
      assignedNames(each.type === "RestElement" ? each.argument : each.value),
    );
  }
  if (pattern.type === "ArrayPattern") return pattern.elements.flatMap((each) => (each ? assignedNames(each) : []));
  return pattern.type === "AssignmentPattern" ? assignedNames(pattern.left) : [];
}
