/**
 * A statement of a build: SQL, and what has to be known to run it, to order it
 * and to compare it with the statement of another build.
 */
import type { Diagnostic, SourceLocation } from "../errors/diagnostic.ts";
import type { SourceMap, System } from "../model/index.ts";
import type { StatementNode } from "../sql-ast/statements.ts";

/** Under which role a statement runs: whoever makes an object owns it. `login`: whoever is connected. */
export type StatementRole = "login" | "enginejs_owner" | "enginejs_action" | "enginejs_reader";

export type StatementKind =
  | "schema"
  | "table"
  | "foreign key"
  | "index"
  | "row security"
  | "policy"
  | "function"
  | "view"
  | "trigger"
  | "rows"
  | "grant"
  | "revoke"
  | "comment";

/** In this order; a statement of a later phase may name what an earlier one makes. */
export const PHASES = [
  "schema",
  "tables",
  "foreign keys",
  "indexes",
  "functions",
  "row security",
  "policies",
  "triggers",
  "grants",
  "comments",
] as const;
export type Phase = (typeof PHASES)[number];

/** The strongest lock that a statement takes on a table that is there already. */
export type Lock = "none" | "share" | "share row exclusive" | "access exclusive";

/** What a person should know before running it on a database that is in use. */
export type Hazard =
  | "blocks writes"
  | "blocks reads and writes"
  | "rewrites the table"
  | "changes authorization"
  | "drops an index";

/** What a build is made of: the other statements only lead from one build to another. */
export type BuildNode = Exclude<
  StatementNode,
  { kind: "add column" | "drop constraint" | "alter policy" | "drop" | "call function" }
>;

export interface Statement {
  /** Unique in a build and stable between builds: `table app.invoice`, `comment on policy app.invoice.actor_select`. */
  readonly id: string;
  readonly kind: StatementKind;
  /** What it is about: `table app.invoice`, `policy app.invoice.actor_select`, `function app.pay_invoice(uuid)`. */
  readonly object: string;
  /** The entity it stands for. */
  readonly entity?: string;
  readonly node: BuildNode;
  /** `node` as text. */
  readonly sql: string;
  /** What is compared with another build: `sql`, but for comments without the model's file and line. */
  readonly identity: string;
  readonly phase: Phase;
  readonly role: StatementRole;
  readonly lock: Lock;
  /** False for what cannot run inside a transaction; nothing yet. */
  readonly transactional: boolean;
  readonly hazards: readonly Hazard[];
  /** Ids of statements that have to run before it. */
  readonly dependsOn: readonly string[];
  /** The node of the model that made it, as a key of the source map. */
  readonly source?: string;
  readonly where?: SourceLocation;
  /** Why it is there: the rule's sentence, or what was inferred. */
  readonly why?: string;
  /** A workflow whose older runs may need the function after the model has it no more: it is retired, not dropped. */
  readonly outlives?: string;
}

export interface CompiledSystem {
  readonly system: System;
  /** In the order in which they can run. */
  readonly statements: readonly Statement[];
  /** Where the nodes of the model were written, as far as that is known. */
  readonly places: SourceMap;
  /** Warnings: a compile that finds errors throws them. */
  readonly diagnostics: readonly Diagnostic[];
}
