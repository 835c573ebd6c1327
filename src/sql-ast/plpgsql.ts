/**
 * The few statements of pl/pgSQL that generated functions are made of, as data.
 * Variables are `ColumnNode`s without a table, their fields `ColumnNode`s with
 * the variable as table. Floor 0, pure.
 */
import type { QualifiedName, SelectNode, SqlExpression, SqlType } from "./expressions.ts";

export interface BlockNode {
  readonly kind: "block";
  /** What a name means in a statement that could be a column's and a variable's; an error unless said. Of a function's outermost block. */
  readonly conflicts?: "use column";
  readonly declarations: readonly {
    readonly name: string;
    readonly type: SqlType | QualifiedName;
    readonly value?: SqlExpression;
  }[];
  readonly statements: readonly PlpgsqlStatement[];
}

/** `-- …`, one line per line of the text. */
export interface RemarkNode {
  readonly kind: "remark";
  readonly text: string;
}
/** `variable := value` */
export interface AssignNode {
  readonly kind: "assign";
  readonly variable: string;
  readonly value: SqlExpression;
}
/** `select … into variable …` */
export interface SelectIntoNode {
  readonly kind: "select into";
  readonly select: SelectNode;
  readonly into: string;
}
export interface UpdateNode {
  readonly kind: "update";
  readonly table: QualifiedName;
  readonly alias: string;
  readonly set: readonly { readonly column: string; readonly value: SqlExpression }[];
  readonly where: SqlExpression;
  /** `returning alias.* into variable` */
  readonly returningInto?: string;
}
/** `insert into table as alias (…) select …` */
export interface InsertNode {
  readonly kind: "insert";
  readonly table: QualifiedName;
  readonly alias: string;
  readonly columns: readonly string[];
  readonly select: SelectNode;
  /** `returning alias.* into variable` */
  readonly returningInto?: string;
}
/** `perform value` */
export interface PerformNode {
  readonly kind: "perform";
  readonly values: readonly SqlExpression[];
}
export interface IfNode {
  readonly kind: "if";
  readonly branches: readonly { readonly when: SqlExpression; readonly body: readonly PlpgsqlStatement[] }[];
  readonly otherwise?: readonly PlpgsqlStatement[];
}
/** `raise exception using …`: the message is an expression, so that no text is read as a format. */
export interface RaiseNode {
  readonly kind: "raise";
  readonly sqlState: string;
  readonly message: SqlExpression;
  readonly detail?: SqlExpression;
  readonly column?: string;
  readonly table?: string;
}
/** A statement that is text already, that of a workflow's step: `… into variable`, null where it gives no row. */
export interface StatementTextNode {
  readonly kind: "statement text";
  readonly text: string;
  readonly into: string;
}
export interface ReturnNode {
  readonly kind: "return";
  readonly value: SqlExpression;
}

export type PlpgsqlStatement =
  | RemarkNode
  | AssignNode
  | SelectIntoNode
  | UpdateNode
  | InsertNode
  | PerformNode
  | IfNode
  | RaiseNode
  | StatementTextNode
  | ReturnNode;
