/**
 * Finds JavaScript operators over symbols in the source of a model's callback.
 * They run without any trap, type-check, and drop a side: a policy would fail
 * open. Acorn is the only import; the source is JavaScript (types stripped).
 */
import { type AnyNode, type Expression, type Function as FunctionNode, type Node, type Pattern, parse } from "acorn";

export interface UntrackedOperator {
  readonly code: "EJS2042";
  /** `&&`, `===`, `if`, `template literal` … */
  readonly operator: string;
  /** Offsets in the source text of the callback: of the operation as a whole. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint: string;
}

const INSTEAD: Readonly<Record<string, string>> = {
  "&&": "a.and(b)",
  "||": "a.or(b)",
  "??": "when(a.notNull(), a, b)",
  "!": "a.not()",
  "?:": "when(condition, a, b)",
  "===": "a.eq(b)",
  "==": "a.eq(b), or a.isNull()",
  "!==": "a.ne(b)",
  "!=": "a.ne(b), or a.notNull()",
  "<": "a.lt(b)",
  "<=": "a.le(b)",
  ">": "a.gt(b)",
  ">=": "a.ge(b)",
  "+": "a.plus(b)",
  "-": "a.minus(b)",
  "*": "a.times(b)",
  "/": "a.dividedBy(b)",
  "%": "a.mod(b)",
  in: "a.in(b)",
  if: "when(condition, a, b)",
  switch: "when(condition, a, b)",
  "template literal": 'a.plus("…")',
  loop: "rows.exists(x => …), rows.all(x => …) or rows.map(x => …)",
};

/**
 * Reports every operator, `if`, `switch`, loop and template literal whose operand
 * derives from the callback's parameters: directly, by destructuring, by local
 * variables, or by the parameters of callbacks given to them. What only mentions
 * values from outside the callback is left alone.
 *
 * @example findUntrackedOperators("({ row, actor }) => row.a.eq(1) || actor.hasRole('x')")
 * // [{ operator: "||", start: 20, end: 54, message: "…", hint: "Write a.or(b)." }]
 */
export function findUntrackedOperators(functionSource: string): readonly UntrackedOperator[] {
  const parsed = parseFunction(functionSource);
  if (parsed === undefined) return [];
  const analysis = new Analysis();
  // A variable may get its value behind its first use (a loop, a hoisted function): again until nothing is added.
  let before: number;
  do {
    before = analysis.derived.size;
    analysis.found.clear();
    analysis.callback(parsed.node);
  } while (analysis.derived.size > before);
  return [...analysis.found.values()]
    .map(({ operator, node }) => report(operator, node.start - parsed.offset, node.end - parsed.offset))
    .sort((a, b) => a.start - b.start || b.end - a.end);
}

const NAMED = new Set(["if", "switch", "loop", "template literal"]);

function report(operator: string, start: number, end: number): UntrackedOperator {
  const what = operator === "loop" ? "A loop" : operator === "template literal" ? "A template literal" : operator;
  const message = NAMED.has(operator)
    ? `${what} over a symbol runs while the model is built and decides by the symbol, not by the row.`
    : `"${operator}" on a symbol runs while the model is built: it is not part of the expression.`;
  const instead = Object.hasOwn(INSTEAD, operator) ? INSTEAD[operator] : "a method of the symbol";
  return { code: "EJS2042", operator, start, end, message, hint: `Write ${instead}.` };
}

/** `fn.toString()` gives arrow functions and function expressions as they are, methods without the object around. */
function parseFunction(source: string): { node: FunctionNode; offset: number } | undefined {
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

/** One declared name. */
interface Variable {
  readonly name: string;
  /** The function that it holds, where it is known. */
  callee?: FunctionNode;
}

class Scope {
  private readonly variables = new Map<string, Variable>();
  private readonly outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.outer = outer;
  }

  find(name: string): Variable | undefined {
    return this.variables.get(name) ?? this.outer?.find(name);
  }

  declare(name: string, variable: Variable): void {
    this.variables.set(name, variable);
  }
}

class Analysis {
  readonly found = new Map<Node, { operator: string; node: Node }>();
  /** Declarations (by the node of the name) that hold something derived from a symbol. Kept between the rounds. */
  readonly derived = new Set<Node>();
  private readonly nodes = new Map<Variable, Node>();
  private readonly known = new Map<Node, Variable>();
  /** Parameters of local functions that were called with something derived. */
  private readonly derivedArguments = new Map<FunctionNode, Set<number>>();

  callback(node: FunctionNode): void {
    this.enterFunction(node, new Scope(), () => true);
  }

  private variable(identifier: Node & { name: string }): Variable {
    const variable = this.known.get(identifier) ?? { name: identifier.name };
    this.known.set(identifier, variable);
    this.nodes.set(variable, identifier);
    return variable;
  }

  private derive(variable: Variable | undefined): void {
    const node = variable && this.nodes.get(variable);
    if (node !== undefined) this.derived.add(node);
  }

  private isDerivedVariable(variable: Variable | undefined): boolean {
    const node = variable && this.nodes.get(variable);
    return node !== undefined && this.derived.has(node);
  }

  private enterFunction(node: FunctionNode, outer: Scope, isDerived: (parameter: number) => boolean): boolean {
    const scope = new Scope(outer);
    const extra = this.derivedArguments.get(node);
    node.params.forEach((parameter, index) => {
      this.bind(parameter, isDerived(index) || extra?.has(index) === true, scope);
    });
    return node.body.type === "BlockStatement" ? this.block(node.body.body, scope) : this.visit(node.body, scope);
  }

  /** Declares the names of a pattern. */
  private bind(pattern: Pattern, isDerived: boolean, scope: Scope): void {
    switch (pattern.type) {
      case "Identifier": {
        const variable = this.variable(pattern);
        scope.declare(pattern.name, variable);
        if (isDerived) this.derive(variable);
        return;
      }
      case "ObjectPattern":
        for (const property of pattern.properties) {
          this.bind(property.type === "RestElement" ? property.argument : property.value, isDerived, scope);
        }
        return;
      case "ArrayPattern":
        for (const element of pattern.elements) if (element !== null) this.bind(element, isDerived, scope);
        return;
      case "RestElement":
        this.bind(pattern.argument, isDerived, scope);
        return;
      case "AssignmentPattern":
        this.bind(pattern.left, this.visit(pattern.right, scope) || isDerived, scope);
        return;
      default:
        // A member of something: no name is declared.
        this.visit(pattern, scope);
    }
  }

  private note(operator: string, node: Node): void {
    this.found.set(node, { operator, node });
  }

  /** Visits statements; functions are declared first, as JavaScript hoists them. */
  private block(statements: readonly AnyNode[], outer: Scope): boolean {
    const scope = new Scope(outer);
    for (const statement of statements) {
      if (statement.type !== "FunctionDeclaration" || statement.id === null) continue;
      const variable = this.variable(statement.id);
      variable.callee = statement;
      scope.declare(statement.id.name, variable);
    }
    return statements.map((statement) => this.visit(statement, scope)).includes(true);
  }

  /** Visits a node and tells whether its value derives from a symbol. */
  private visit(node: AnyNode, scope: Scope): boolean {
    switch (node.type) {
      case "Identifier":
        return this.isDerivedVariable(scope.find(node.name));
      case "ArrowFunctionExpression":
      case "FunctionExpression":
        return this.enterFunction(node, scope, () => false);
      case "FunctionDeclaration": {
        const result = this.enterFunction(node, scope, () => false);
        if (result && node.id !== null) this.derive(scope.find(node.id.name));
        return false;
      }
      case "BlockStatement":
        return this.block(node.body, scope);
      case "VariableDeclaration":
        for (const { id, init } of node.declarations) this.declareVariable(id, init, scope);
        return false;
      case "AssignmentExpression":
        return this.assignment(node, scope);
      case "CallExpression":
      case "NewExpression":
        return this.call(node.callee, node.arguments, scope);
      case "LogicalExpression": {
        const left = this.visit(node.left, scope);
        const right = this.visit(node.right, scope);
        // A constant on the left chooses while the model is built, and may: `strict && row.a.eq(1)`.
        if (left) this.note(node.operator, node);
        return left || right;
      }
      case "BinaryExpression": {
        const left = node.left.type === "PrivateIdentifier" ? false : this.visit(node.left, scope);
        const right = this.visit(node.right, scope);
        if (left || right) this.note(node.operator, node);
        return left || right;
      }
      case "UnaryExpression": {
        const operand = this.visit(node.argument, scope);
        if (operand && "!-+~".includes(node.operator)) this.note(node.operator, node);
        return operand && node.operator !== "typeof" && node.operator !== "void";
      }
      case "UpdateExpression": {
        const operand = this.visit(node.argument, scope);
        if (operand) this.note(node.operator, node);
        return operand;
      }
      case "ConditionalExpression":
        if (this.visit(node.test, scope)) this.note("?:", node);
        return [this.visit(node.consequent, scope), this.visit(node.alternate, scope)].includes(true);
      case "TemplateLiteral":
        if (node.expressions.map((each) => this.visit(each, scope)).includes(true)) this.note("template literal", node);
        return false;
      case "IfStatement": {
        if (this.visit(node.test, scope)) this.note("if", node);
        const branches = [node.consequent, ...(node.alternate ? [node.alternate] : [])];
        return branches.map((each) => this.visit(each, scope)).includes(true);
      }
      case "SwitchStatement": {
        const tests = node.cases.flatMap((each) => (each.test ? [each.test] : []));
        if ([node.discriminant, ...tests].map((each) => this.visit(each, scope)).includes(true))
          this.note("switch", node);
        return this.block(
          node.cases.flatMap((each) => each.consequent),
          scope,
        );
      }
      case "WhileStatement":
      case "DoWhileStatement":
        if (this.visit(node.test, scope)) this.note("loop", node);
        return this.visit(node.body, scope);
      case "ForStatement": {
        const inner = new Scope(scope);
        if (node.init) this.visit(node.init, inner);
        if (node.test && this.visit(node.test, inner)) this.note("loop", node);
        if (node.update) this.visit(node.update, inner);
        return this.visit(node.body, inner);
      }
      case "ForOfStatement":
      case "ForInStatement": {
        const inner = new Scope(scope);
        // A list made of symbols (`[row.a, row.b]`) is JavaScript's own and may be walked; a symbol may not.
        const over = this.visit(node.right, inner);
        if (over && !isJavaScriptList(node.right)) this.note("loop", node);
        if (node.left.type === "VariableDeclaration") {
          for (const { id } of node.left.declarations) this.bind(id, over, inner);
        }
        return this.visit(node.body, inner);
      }
      default:
        return this.parts(node, scope);
    }
  }

  /** Any other node derives from what its parts derive from. */
  private parts(node: AnyNode, scope: Scope): boolean {
    let derived = false;
    for (const [key, value] of Object.entries(node)) {
      // The names of members and properties are no variables.
      if (key === "property" && "computed" in node && !node.computed) continue;
      if (key === "key" && "computed" in node && !node.computed) continue;
      if (key === "label") continue;
      for (const part of Array.isArray(value) ? value : [value]) {
        if (isNode(part) && this.visit(part, scope)) derived = true;
      }
    }
    return derived;
  }

  private declareVariable(id: Pattern, init: Expression | null | undefined, scope: Scope): void {
    // Declared first: a function may call itself.
    this.bind(id, false, scope);
    if (!init) return;
    if (id.type === "Identifier" && isFunction(init)) {
      const variable = this.variable(id);
      variable.callee = init;
    }
    if (this.visit(init, scope)) this.bind(id, true, scope);
  }

  private assignment(node: AnyNode & { type: "AssignmentExpression" }, scope: Scope): boolean {
    const right = this.visit(node.right, scope);
    const left = node.operator === "=" ? false : this.visit(node.left, scope);
    if ((left || right) && node.operator !== "=") {
      const logical = ["&&=", "||=", "??="].includes(node.operator);
      if (!logical || left) this.note(node.operator.slice(0, -1), node);
    }
    if (right) {
      for (const name of assignedNames(node.left)) this.derive(scope.find(name));
    }
    return left || right;
  }

  private call(callee: AnyNode, args: readonly AnyNode[], scope: Scope): boolean {
    const called = callee.type === "Super" ? false : this.visit(callee, scope);
    const values = args.map((each) => (isFunction(each) ? false : this.visit(each, scope)));
    const local = callee.type === "Identifier" ? scope.find(callee.name)?.callee : undefined;
    if (local !== undefined) {
      values.forEach((derived, index) => {
        if (derived) this.deriveArgument(local, index, scope);
      });
    }
    const other = values.includes(true);
    const reducing =
      callee.type === "MemberExpression" &&
      callee.property.type === "Identifier" &&
      /^reduce(?:Right)?$/.test(callee.property.name);
    let derived = called || other;
    for (const each of args) {
      if (!isFunction(each)) continue;
      let result = this.enterFunction(each, scope, (index) => called || (other && (!reducing || index === 0)));
      // What a reducer returns comes back as its first parameter.
      if (result && reducing) result = this.enterFunction(each, scope, (index) => called || index === 0);
      derived ||= result;
    }
    return derived;
  }

  private deriveArgument(callee: FunctionNode, index: number, scope: Scope): void {
    const known = this.derivedArguments.get(callee) ?? new Set<number>();
    if (known.has(index)) return;
    this.derivedArguments.set(callee, known.add(index));
    // Marks its names at once, so that the next round sees them.
    const parameter = callee.params[index];
    if (parameter !== undefined) this.bind(parameter, true, new Scope(scope));
  }
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

const isFunction = (node: AnyNode): node is FunctionNode & AnyNode =>
  node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression";

/** An array literal, or what its methods make of it. */
function isJavaScriptList(node: AnyNode): boolean {
  if (node.type === "ArrayExpression") return true;
  return (
    node.type === "CallExpression" && node.callee.type === "MemberExpression" && isJavaScriptList(node.callee.object)
  );
}

function assignedNames(pattern: AnyNode): string[] {
  if (pattern.type === "Identifier") return [pattern.name];
  if (pattern.type === "ObjectPattern") {
    return pattern.properties.flatMap((each) =>
      assignedNames(each.type === "RestElement" ? each.argument : each.value),
    );
  }
  if (pattern.type === "ArrayPattern") return pattern.elements.flatMap((each) => (each ? assignedNames(each) : []));
  return pattern.type === "AssignmentPattern" ? assignedNames(pattern.left) : [];
}
