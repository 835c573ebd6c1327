/**
 * What the checker and the SQL printer know of a model. The IR is turned into
 * one by `src/model/`; the expression language knows nothing of the IR.
 */
import type { QualifiedName, SqlExpression } from "../sql-ast/expressions.ts";
import type { ExpressionType, TypedValue } from "./types.ts";

/** A pair of columns that a relation joins on. */
export interface JoinColumn {
  /** The column on the side that has the relation. */
  readonly column: string;
  /** The column on the other side. */
  readonly references: string;
}

export type CatalogField =
  | { readonly kind: "column"; readonly type: ExpressionType; readonly nullable: boolean; readonly column: string }
  /** A field in a table of its own, which has the key of the entity's: not everybody may read it who may read the row. */
  | {
      readonly kind: "side";
      readonly type: ExpressionType;
      readonly table: QualifiedName;
      readonly column: string;
    }
  /** A virtual computed field: wherever it is used, its expression (over `row`) is put in its place. */
  | { readonly kind: "virtual"; readonly type: ExpressionType; readonly nullable: boolean; readonly expression: string }
  /** A to-one relation. In a tenancy `columns` holds two pairs: the tenant's and the reference's own. */
  | {
      readonly kind: "one";
      readonly entity: string;
      readonly nullable: boolean;
      readonly columns: readonly JoinColumn[];
    }
  | { readonly kind: "many"; readonly entity: string; readonly columns: readonly JoinColumn[] };

export interface CatalogEntity {
  readonly name: string;
  readonly table: QualifiedName;
  /** The columns of the primary key; the last one is the entity's own `id`, before it stands the tenant's where there is one. */
  readonly key: readonly string[];
  readonly fields: ReadonlyMap<string, CatalogField>;
}

export interface Catalog {
  readonly entities: ReadonlyMap<string, CatalogEntity>;
}

/** A name that an expression may begin with: `row`, `actor`, `event`, `input`, a step's result. */
export type Variable =
  /** A row whose alias in the statement is `alias`. */
  | { readonly kind: "row"; readonly entity: string; readonly nullable: boolean; readonly alias: string }
  /** Named values, each with the SQL that stands for it: `actor.id` is `(select enginejs.actor_id())`. Records nest. */
  | { readonly kind: "record"; readonly fields: Readonly<Record<string, Variable>> }
  | ({ readonly kind: "value"; readonly sql: SqlExpression } & TypedValue);

/** Everything that `check()` needs besides the text. */
export interface Environment {
  readonly catalog: Catalog;
  readonly variables: Readonly<Record<string, Variable>>;
  /** CHECK constraints and generated columns: no relations, no actor, no `now()`. */
  readonly sameRowOnly?: boolean;
}
