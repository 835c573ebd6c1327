/** What turns one table into another: columns that are added, constraints that come with them, CHECKs that let more pass. */
import type { CreateTableNode, StatementNode, TableConstraint } from "../sql-ast/statements.ts";
import { same } from "./model-change.ts";
import { dotted } from "./object-identity.ts";
import type { Hazard, Lock } from "./statement.ts";

export interface TableStep {
  readonly object: string;
  readonly node: StatementNode;
  readonly lock: Lock;
  readonly hazards: readonly Hazard[];
}
export interface TableChanges {
  readonly steps: readonly TableStep[];
  /** What no step can do, in words that follow the table's name. */
  readonly impossible: readonly string[];
  /** Columns that are new. */
  readonly added: ReadonlySet<string>;
}

/** @param grown names of CHECKs that only let more pass than before */
export function tableChanges(
  before: CreateTableNode,
  after: CreateTableNode,
  grown: ReadonlySet<string>,
): TableChanges {
  const { table } = after;
  const name = dotted(table);
  const steps: TableStep[] = [];
  const impossible: string[] = [];
  const old = new Map(before.columns.map((column) => [column.name, column]));
  const added = new Set<string>();
  for (const column of after.columns) {
    const previous = old.get(column.name);
    if (previous === undefined) {
      added.add(column.name);
      steps.push({
        object: `column ${name}.${column.name}`,
        node: { kind: "add column", table, column },
        lock: "access exclusive",
        hazards:
          column.generated === undefined
            ? ["blocks reads and writes"]
            : ["blocks reads and writes", "rewrites the table"],
      });
    } else if (!same(previous, column)) {
      impossible.push(`the definition of the column ${column.name} changed`);
    }
  }
  const names = new Set(after.columns.map((column) => column.name));
  for (const column of before.columns)
    if (!names.has(column.name)) impossible.push(`the column ${column.name} is gone`);

  const constraints = new Map(before.constraints.map((constraint) => [constraint.name, constraint]));
  const add = (constraint: TableConstraint): void => {
    steps.push({
      object: `constraint ${name}.${constraint.name}`,
      node: { kind: "add constraint", table, constraint },
      lock: "access exclusive",
      hazards: ["blocks reads and writes"],
    });
  };
  for (const constraint of after.constraints) {
    const previous = constraints.get(constraint.name);
    if (previous !== undefined && same(previous, constraint)) continue;
    if (previous !== undefined && grown.has(constraint.name)) {
      steps.push({
        object: `constraint ${name}.${constraint.name}`,
        node: { kind: "drop constraint", table, name: constraint.name },
        lock: "access exclusive",
        hazards: ["blocks reads and writes"],
      });
      add(constraint);
    } else if (previous === undefined && isAboutNewColumns(constraint, added)) {
      add(constraint);
    } else {
      const what = previous === undefined ? "is new: rows that are there may break it" : "changed";
      impossible.push(`the ${describe(constraint)} ${constraint.name} ${what}`);
    }
  }
  const kept = new Set(after.constraints.map((constraint) => constraint.name));
  for (const { name: constraint, kind } of before.constraints) {
    if (!kept.has(constraint)) impossible.push(`the ${kind === "check" ? "CHECK" : kind} ${constraint} is gone`);
  }
  return { steps, impossible, added };
}

/** A constraint that no row of before can break: the columns it looks at hold what their default says, and nothing else. */
function isAboutNewColumns(constraint: TableConstraint, added: ReadonlySet<string>): boolean {
  switch (constraint.kind) {
    case "unique":
      // Which ones may come, the comparison of the models has said.
      return constraint.columns.some((column) => added.has(column));
    case "check": {
      const columns = bareColumns(constraint.expression);
      return columns.length > 0 && columns.every((column) => added.has(column));
    }
    case "primary key":
    case "foreign key":
      return false;
    default:
      return constraint satisfies never;
  }
}

const describe = ({ kind }: TableConstraint): string => (kind === "check" ? "CHECK" : kind);

/** The columns that a CHECK names. */
function bareColumns(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  const own = "kind" in node && node.kind === "column" && "name" in node ? [String(node.name)] : [];
  return [...own, ...Object.values(node).flatMap(bareColumns)];
}
