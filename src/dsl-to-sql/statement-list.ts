/** Collects the statements of a build; two of one id are a mistake of the model, told by `collisions`. */
import { printStatement } from "../sql-ast/print-statement.ts";
import type { ObjectReference } from "../sql-ast/statements.ts";
import type { ModelIndex } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import type { BuildNode, Hazard, Lock, Phase, Statement, StatementKind, StatementRole } from "./statement.ts";

export interface StatementOptions {
  readonly kind: StatementKind;
  readonly object: string;
  readonly id?: string;
  readonly phase: Phase;
  readonly role?: StatementRole;
  readonly entity?: string;
  readonly lock?: Lock;
  readonly hazards?: readonly Hazard[];
  readonly dependsOn?: readonly string[];
  readonly source?: string;
  readonly why?: string;
  readonly outlives?: string;
}

export interface CommentOptions {
  readonly on: ObjectReference;
  /** Paragraphs that a person reads. */
  readonly text: readonly string[];
  /** Hidden where PostGraphile alone serves the schema. */
  readonly hidden?: true;
  readonly role?: StatementRole;
  readonly entity?: string;
  readonly source?: string;
}

export class StatementList {
  readonly model: ModelIndex;
  private readonly byId = new Map<string, Statement>();
  readonly doubled: { readonly first: Statement; readonly second: Statement }[] = [];

  constructor(model: ModelIndex) {
    this.model = model;
  }

  get statements(): readonly Statement[] {
    return [...this.byId.values()];
  }

  /** Adds a statement and gives its id. */
  add(node: BuildNode, options: StatementOptions): string {
    return this.put(node, options, undefined);
  }

  /**
   * Adds a comment. It begins with a blank line, so that a description that begins with `@` is no smart tag
   * of PostGraphile (behind a tag of our own, too), and ends with the place in the model, which is left out when two builds are compared.
   */
  comment({ on, text, hidden, role, entity, source }: CommentOptions): void {
    const where = source === undefined ? undefined : this.model.where(source);
    const place = where === undefined ? [] : [`${where.file}:${where.line}`];
    const tag = hidden ? "@behavior -*\n" : "";
    const node = (lines: readonly string[]): BuildNode => ({
      kind: "comment",
      on,
      text: `${tag}\n${lines.join("\n")}`,
    });
    const object = objectIdentity(on);
    const options: StatementOptions = {
      kind: "comment",
      id: `comment on ${object}`,
      object,
      phase: "comments",
      dependsOn: [on.type === "column" || on.type === "constraint" ? tableIdentity(on.table) : object],
      ...(role === undefined ? {} : { role }),
      ...(entity === undefined ? {} : { entity }),
      ...(source === undefined ? {} : { source }),
    };
    this.put(node([...text, ...place]), options, printStatement(node(text)));
  }

  private put(node: BuildNode, options: StatementOptions, identity: string | undefined): string {
    const sql = printStatement(node);
    const { kind, object, phase, entity, source, why, outlives } = options;
    const where = source === undefined ? undefined : this.model.where(source);
    const statement: Statement = {
      id: options.id ?? object,
      kind,
      object,
      ...(entity === undefined ? {} : { entity }),
      node,
      sql,
      identity: identity ?? sql,
      phase,
      role: options.role ?? "enginejs_owner",
      lock: options.lock ?? "none",
      transactional: true,
      hazards: options.hazards ?? [],
      dependsOn: options.dependsOn ?? [],
      ...(source === undefined ? {} : { source }),
      ...(where === undefined ? {} : { where }),
      ...(why === undefined ? {} : { why }),
      ...(outlives === undefined ? {} : { outlives }),
    };
    const first = this.byId.get(statement.id);
    if (first === undefined) this.byId.set(statement.id, statement);
    else this.doubled.push({ first, second: statement });
    return statement.id;
  }
}
