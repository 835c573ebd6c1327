/**
 * What of a callback's values derives from the symbols that it is given: directly, by destructuring, by local
 * variables, or by the parameters of callbacks given to them.
 */
import type { AnyNode, Expression, Function as FunctionNode, Node, Pattern } from "acorn";
import { assignedNames, isFunction, isJavaScriptList, isNode } from "./callback-syntax.ts";

/** Something that JavaScript does with a symbol by itself: an operator, or `if`, `switch`, `loop`, `template literal`. */
export interface Operation {
  readonly operator: string;
  readonly node: Node;
}

/** The operations of a callback that have an operand which derives from its parameters. */
export function operationsOverSymbols(callback: FunctionNode): readonly Operation[] {
  const flow = new SymbolFlow();
  // A variable may get its value behind its first use (a loop, a hoisted function): again until nothing is added.
  let before: number;
  do {
    before = flow.derived.size;
    flow.found.clear();
    flow.callback(callback);
  } while (flow.derived.size > before);
  return [...flow.found.values()];
}

/** One declared name. */
interface Variable {
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

class SymbolFlow {
  readonly found = new Map<Node, Operation>();
  /** The variables that hold something derived from a symbol. Kept between the rounds. */
  readonly derived = new Set<Variable>();
  /** By the node of the name that declares them. */
  private readonly variables = new Map<Node, Variable>();
  /** Parameters of local functions that were called with something derived. */
  private readonly derivedArguments = new Map<FunctionNode, Set<number>>();

  callback(node: FunctionNode): void {
    this.enterFunction(node, new Scope(), () => true);
  }

  private variable(declaration: Node): Variable {
    const variable = this.variables.get(declaration) ?? {};
    this.variables.set(declaration, variable);
    return variable;
  }

  private derive(variable: Variable | undefined): void {
    if (variable !== undefined) this.derived.add(variable);
  }

  private isDerived(variable: Variable | undefined): boolean {
    return variable !== undefined && this.derived.has(variable);
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
        return this.isDerived(scope.find(node.name));
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
