/** Mutants of what the compiler prints: one change of one statement's tree, and the SQL that puts it in place. */
import type { CompiledSystem } from "../../../src/dsl-to-sql/index.ts";
import type { Statement } from "../../../src/dsl-to-sql/statement.ts";
import { canonicalText } from "../../../src/model/index.ts";
import { literal } from "../../../src/sql-ast/expressions.ts";
import { printName } from "../../../src/sql-ast/print-expression.ts";
import { printStatement } from "../../../src/sql-ast/print-statement.ts";
import { quoteIdentifier } from "../../../src/sql-ast/quote.ts";
import type { CreatePolicyNode, StatementNode } from "../../../src/sql-ast/statements.ts";

export interface SqlMutant {
  /** `policy app.doc.actor_select: or → and`, and where in the tree. */
  readonly name: string;
  readonly entity: string;
  readonly role: string;
  readonly sql: string;
}

type Tree = Readonly<Record<string, unknown>>;
interface TreeChange {
  readonly what: string;
  readonly tree: unknown;
}

/** Of policies, helper functions and views, actions and foreign keys of some entities. */
export function sqlMutants(compiled: CompiledSystem, entities: readonly string[]): SqlMutant[] {
  return compiled.statements
    .filter(({ entity }) => entity !== undefined && entities.includes(entity))
    .flatMap((statement) => mutantsOf(statement));
}

function mutantsOf(statement: Statement): SqlMutant[] {
  const { node, entity = "", object, role } = statement;
  const mutant = (what: string, sql: string): SqlMutant => ({ name: `${object}: ${what}`, entity, role, sql });
  switch (node.kind) {
    case "create policy": {
      // Of the engine's own roles: nobody asks as them.
      if (node.name === "owner_all") return [];
      const drop = `drop policy ${quoteIdentifier(node.name)} on ${printName(node.table)};`;
      const again = (changed: StatementNode): string => `${drop}\n${printStatement(changed)}`;
      return [
        mutant("dropped", drop),
        ...clauseMutants(node).map(({ what, tree }) => mutant(what, again(tree as StatementNode))),
        ...treeChanges(node).map(({ what, tree }) => mutant(what, again(tree as StatementNode))),
      ];
    }
    case "create function":
      // What explains and what shows rights decides nothing; its own tests hold it.
      if (/^explain_|_can$/.test(node.function.name)) return [];
      return treeChanges(node).map(({ what, tree }) => mutant(what, printStatement(tree as StatementNode)));
    case "create view":
      return treeChanges(node).map(({ what, tree }) =>
        mutant(what, printStatement({ ...(tree as typeof node), replace: true })),
      );
    case "add constraint": {
      const { constraint, table } = node;
      if (constraint.kind !== "foreign key" || constraint.columns.length < 2) return [];
      const { columns, references } = constraint;
      const key = quoteIdentifier(`${references.table.name}_alone`);
      const changed: StatementNode = {
        ...node,
        constraint: {
          ...constraint,
          columns: columns.slice(1),
          references: { ...references, columns: references.columns.slice(1) },
        },
      };
      const unique = `alter table ${printName(references.table)} drop constraint if exists ${key} cascade, add constraint ${key} unique (${references.columns.slice(1).map(quoteIdentifier).join(", ")});`;
      const drop = `alter table ${printName(table)} drop constraint ${quoteIdentifier(constraint.name)};`;
      return [mutant("without the tenant's column", `${unique}\n${drop}\n${printStatement(changed)}`)];
    }
    default:
      return [];
  }
}

/** USING and WITH CHECK as a whole. */
function clauseMutants(node: CreatePolicyNode): TreeChange[] {
  const { using, withCheck } = node;
  const isTrue = (part: unknown): boolean => canonicalText(part) === canonicalText(literal(true));
  const changes: TreeChange[] = [];
  if (using !== undefined && !isTrue(using))
    changes.push({ what: "using (true)", tree: { ...node, using: literal(true) } });
  if (withCheck !== undefined && !isTrue(withCheck))
    changes.push({ what: "with check (true)", tree: { ...node, withCheck: literal(true) } });
  if (using !== undefined && withCheck !== undefined && canonicalText(using) !== canonicalText(withCheck)) {
    changes.push({ what: "using and with check swapped", tree: { ...node, using: withCheck, withCheck: using } });
  }
  return changes;
}

/** Every single change within a tree. */
function treeChanges(tree: unknown, path = ""): TreeChange[] {
  if (Array.isArray(tree)) {
    return tree.flatMap((item, i) =>
      treeChanges(item, `${path}[${i}]`).map(({ what, tree: changed }) => ({ what, tree: tree.with(i, changed) })),
    );
  }
  if (typeof tree !== "object" || tree === null) return [];
  const node = tree as Tree;
  return [
    ...ownChanges(node, path),
    ...Object.entries(node).flatMap(([key, value]) =>
      treeChanges(value, `${path}.${key}`).map(({ what, tree: changed }) => ({
        what,
        tree: { ...node, [key]: changed },
      })),
    ),
  ];
}

function ownChanges(node: Tree, path: string): TreeChange[] {
  const at = (what: string, tree: unknown): TreeChange => ({ what: `${what} at ${path}`, tree });
  switch (node.kind) {
    case "and":
    case "or": {
      const terms = node.terms as readonly unknown[];
      const other = node.kind === "and" ? "or" : "and";
      return [
        at(`${node.kind} → ${other}`, { ...node, kind: other }),
        ...terms.map((_, i) => {
          const rest = terms.toSpliced(i, 1);
          return at(`term ${i} left out`, rest.length === 1 ? rest[0] : { ...node, terms: rest });
        }),
      ];
    }
    case "any-array":
      return [at("= any → true", literal(true))];
    case "is":
      return node.test === "not true" ? [at("is not true left out", { kind: "not", operand: node.operand })] : [];
    case "binary":
      return node.operator === "=" ? [at("= → <>", { ...node, operator: "<>" })] : [];
    case "exists":
      return [at("exists negated", { kind: "not", operand: node })];
    case "if":
      return (node.branches as readonly Tree[]).map((branch, i) =>
        at("a refusal left out", {
          ...node,
          branches: (node.branches as readonly Tree[]).with(i, { ...branch, when: literal(false) }),
        }),
      );
    default:
      return [];
  }
}
