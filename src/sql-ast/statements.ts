/**
 * SQL statements as data: definitions, and the pl/pgSQL of functions in
 * `plpgsql.ts`. `print-statement.ts` alone turns them into text. Floor 0, pure.
 */
import type { CallNode, QualifiedName, SelectNode, SqlExpression, SqlType } from "./expressions.ts";
import type { BlockNode } from "./plpgsql.ts";

export interface ColumnDefinition {
  readonly name: string;
  readonly type: SqlType;
  readonly notNull: boolean;
  readonly default?: SqlExpression;
  /** A stored generated column. */
  readonly generated?: SqlExpression;
}

export interface PrimaryKeyConstraint {
  readonly kind: "primary key";
  readonly name: string;
  readonly columns: readonly string[];
}
export interface UniqueConstraint {
  readonly kind: "unique";
  readonly name: string;
  readonly columns: readonly string[];
}
export interface CheckConstraint {
  readonly kind: "check";
  readonly name: string;
  readonly expression: SqlExpression;
}
export interface ForeignKeyConstraint {
  readonly kind: "foreign key";
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: { readonly table: QualifiedName; readonly columns: readonly string[] };
  /** `set null` names the columns that become null: never the tenant's. */
  readonly onDelete: "restrict" | "cascade" | { readonly setNull: readonly string[] };
}
export type TableConstraint = PrimaryKeyConstraint | UniqueConstraint | CheckConstraint | ForeignKeyConstraint;

export interface CreateSchemaNode {
  readonly kind: "create schema";
  readonly schema: string;
  readonly owner: string;
}
export interface CreateTableNode {
  readonly kind: "create table";
  readonly table: QualifiedName;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly TableConstraint[];
}
export interface AddColumnNode {
  readonly kind: "add column";
  readonly table: QualifiedName;
  readonly column: ColumnDefinition;
}
export interface AddConstraintNode {
  readonly kind: "add constraint";
  readonly table: QualifiedName;
  readonly constraint: TableConstraint;
}
export interface DropConstraintNode {
  readonly kind: "drop constraint";
  readonly table: QualifiedName;
  readonly name: string;
}
export interface CreateIndexNode {
  readonly kind: "create index";
  readonly ifNotExists?: true;
  /** The schema is the table's. */
  readonly name: string;
  readonly table: QualifiedName;
  readonly columns: readonly string[];
  readonly where?: SqlExpression;
}
/** A row of a 1:1 table for each row of another that has none. */
export interface InsertMissingNode {
  readonly kind: "insert missing";
  readonly table: QualifiedName;
  /** The key, which both tables have. */
  readonly columns: readonly string[];
  readonly from: QualifiedName;
}
/** Row level security on, for the table's owner too. */
export interface EnableRowSecurityNode {
  readonly kind: "enable row security";
  readonly table: QualifiedName;
}

export type PolicyCommand = "all" | "select" | "insert" | "update" | "delete";
export interface CreatePolicyNode {
  readonly kind: "create policy";
  readonly name: string;
  readonly table: QualifiedName;
  readonly restrictive: boolean;
  readonly command: PolicyCommand;
  readonly roles: readonly string[];
  readonly using?: SqlExpression;
  readonly withCheck?: SqlExpression;
}
/** Gives an existing policy of the same name and command other roles and expressions. */
export interface AlterPolicyNode extends Omit<CreatePolicyNode, "kind"> {
  readonly kind: "alter policy";
}

/** A type by name, or the row type of a table. */
export type ParameterType = SqlType | QualifiedName;
export interface FunctionParameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly default?: SqlExpression;
}
export interface ReturnedTable {
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}
export interface CreateFunctionNode {
  readonly kind: "create function";
  readonly function: QualifiedName;
  readonly parameters: readonly FunctionParameter[];
  /** A type, or the columns of `returns table (…)`: any number of rows. */
  readonly returns: ParameterType | ReturnedTable;
  readonly language: "sql" | "plpgsql";
  readonly volatility: "immutable" | "stable" | "volatile";
  readonly securityDefiner: boolean;
  readonly parallelSafe?: boolean;
  /** `set name = value` clauses: in force while the function runs, restored when it ends. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  readonly body:
    | { readonly kind: "select"; readonly select: SelectNode }
    /** Parsed when it is created (`return …`): depends on what it names, needs no search_path, and can be inlined. */
    | { readonly kind: "return"; readonly value: SqlExpression }
    /** `begin atomic select … end`: the same for a whole select. As a function that returns a table it is inlined behind `from`. */
    | { readonly kind: "atomic"; readonly select: SelectNode }
    | { readonly kind: "block"; readonly block: BlockNode };
}

/** A view that reads with its owner's rights. A security barrier: no condition of a reader's own sees a row before the view's. */
export interface CreateViewNode {
  readonly kind: "create view";
  /** Puts it in the place of one with the same columns. */
  readonly replace?: true;
  readonly view: QualifiedName;
  readonly columns: readonly string[];
  readonly select: SelectNode;
}

export interface CreateTriggerNode {
  readonly kind: "create trigger";
  readonly name: string;
  readonly table: QualifiedName;
  readonly timing: "before" | "after";
  readonly events: readonly { readonly event: "insert" | "update" | "delete"; readonly of?: readonly string[] }[];
  readonly level: "row" | "statement";
  readonly oldTable?: string;
  readonly newTable?: string;
  readonly when?: SqlExpression;
  readonly function: QualifiedName;
  readonly arguments: readonly string[];
  /** A constraint trigger that is asked when the transaction commits. */
  readonly deferred?: true;
}

export type Privilege = "select" | "insert" | "update" | "delete" | "usage" | "create" | "execute";
/** What a privilege or a comment can be about. */
export type ObjectReference =
  | { readonly type: "schema"; readonly name: string }
  | { readonly type: "table"; readonly name: QualifiedName }
  | { readonly type: "view"; readonly name: QualifiedName }
  | { readonly type: "function"; readonly name: QualifiedName; readonly parameters: readonly ParameterType[] }
  | { readonly type: "column"; readonly table: QualifiedName; readonly name: string }
  | { readonly type: "policy" | "trigger" | "constraint"; readonly table: QualifiedName; readonly name: string }
  | { readonly type: "index"; readonly name: QualifiedName };
export type Securable = Extract<ObjectReference, { readonly type: "schema" | "table" | "view" | "function" }>;

export interface GrantNode {
  readonly kind: "grant";
  readonly privileges: readonly { readonly privilege: Privilege; readonly columns?: readonly string[] }[];
  readonly on: Securable;
  readonly to: readonly string[];
}
/** Takes every privilege, those on columns too. */
export interface RevokeAllNode {
  readonly kind: "revoke all";
  readonly on: Securable;
  readonly from: readonly string[];
}
export interface CommentNode {
  readonly kind: "comment";
  readonly on: ObjectReference;
  readonly text: string | null;
}
export interface DropNode {
  readonly kind: "drop";
  readonly ifExists?: true;
  readonly object: ObjectReference;
}
/** `select enginejs.workflow_retire_rule(…)`: for what it does, not for its value. */
export interface CallFunctionNode {
  readonly kind: "call function";
  readonly call: CallNode;
}

export type StatementNode =
  | CreateSchemaNode
  | CreateTableNode
  | AddColumnNode
  | AddConstraintNode
  | DropConstraintNode
  | CreateIndexNode
  | InsertMissingNode
  | EnableRowSecurityNode
  | CreatePolicyNode
  | AlterPolicyNode
  | CreateFunctionNode
  | CreateViewNode
  | CreateTriggerNode
  | GrantNode
  | RevokeAllNode
  | CommentNode
  | DropNode
  | CallFunctionNode;
