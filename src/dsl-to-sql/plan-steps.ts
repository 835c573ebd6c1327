/** The difference between two lists of statements, as the statements that lead from one to the other. */
import { printStatement } from "../sql-ast/print-statement.ts";
import type { StatementNode } from "../sql-ast/statements.ts";
import type { Verb } from "./model-change.ts";
import { dotted, tableIdentity } from "./object-identity.ts";
import { rowTypeFunctions } from "./row-type-functions.ts";
import type { CompiledSystem, Hazard, Lock, Statement, StatementKind, StatementRole } from "./statement.ts";
import { isAlterable, isAttachment, isReplaceable, objectTable, partOfTable, retirement } from "./statement-changes.ts";
import { tableChanges } from "./table-changes.ts";

export interface PlanStep {
  readonly verb: Verb;
  readonly kind: StatementKind;
  readonly object: string;
  readonly entity?: string;
  readonly sql: string;
  readonly role: StatementRole;
  readonly lock: Lock;
  readonly transactional: boolean;
  readonly hazards: readonly Hazard[];
  /** Only the place in the model has moved: no reason to run it by itself. */
  readonly quiet: boolean;
}

export interface Steps {
  readonly steps: readonly PlanStep[];
  readonly impossible: readonly { readonly entity: string | undefined; readonly message: string }[];
}

/** @param grown names of CHECKs that only let more pass; @param refresh puts in place again whatever can be */
export function planSteps(
  previous: CompiledSystem | null,
  next: CompiledSystem,
  grown: ReadonlySet<string>,
  refresh: boolean,
): Steps {
  return new StepPlanner(previous, next, grown, refresh).plan();
}

class StepPlanner {
  private readonly old: ReadonlyMap<string, Statement>;
  private readonly next: CompiledSystem;
  private readonly kept: ReadonlySet<string>;
  private readonly grown: ReadonlySet<string>;
  private readonly refresh: boolean;
  private readonly steps: PlanStep[] = [];
  private readonly impossible: { entity: string | undefined; message: string }[] = [];
  /** Statements whose object was made anew: what hung on it has to be put back. */
  private readonly remade = new Set<string>();
  /** Functions that had to go before their table could be changed. */
  private readonly away = new Set<string>();
  private readonly newTables = new Set<string>();
  private readonly newColumns = new Map<string, ReadonlySet<string>>();

  constructor(previous: CompiledSystem | null, next: CompiledSystem, grown: ReadonlySet<string>, refresh: boolean) {
    this.old = new Map((previous?.statements ?? []).map((statement) => [statement.id, statement]));
    this.next = next;
    this.kept = new Set(next.statements.map((statement) => statement.id));
    this.grown = grown;
    this.refresh = refresh;
  }

  plan(): Steps {
    const gone = [...this.old.values()].filter((statement) => !this.kept.has(statement.id)).reverse();
    // What names other objects goes first, the functions, views and indexes that it named last.
    for (const statement of gone) if (statement.kind === "policy" || statement.kind === "trigger") this.drop(statement);
    for (const statement of this.next.statements) this.reach(statement);
    for (const statement of gone) if (statement.kind !== "policy" && statement.kind !== "trigger") this.drop(statement);
    return { steps: this.steps, impossible: this.impossible };
  }

  private reach(statement: Statement): void {
    const before = this.old.get(statement.id);
    if (before === undefined) {
      this.create(statement);
      return;
    }
    const changed = before.identity !== statement.identity;
    const hangsOnRemade = statement.dependsOn.some((id) => this.remade.has(id)) && isAttachment(statement);
    if (this.away.has(statement.id)) {
      this.remade.add(statement.id);
      this.step("~", statement, statement.node);
      return;
    }
    if (!changed && !hangsOnRemade && !this.refresh) {
      if (before.sql !== statement.sql) this.step("~", statement, statement.node, { quiet: true });
      return;
    }
    this.change(before, statement, changed);
  }

  private create(statement: Statement): void {
    const { node } = statement;
    if (node.kind === "create table") this.newTables.add(statement.id);
    if (node.kind === "add constraint" && !this.isOfNewColumns(statement)) {
      this.impossible.push({
        entity: statement.entity,
        message: `${statement.object} is new: rows that are there may break it.`,
      });
      return;
    }
    // Nor is there a row that would lack one of its own.
    if (node.kind === "insert missing" && this.newTables.has(tableIdentity(node.from))) return;
    const isNew = statement.entity !== undefined && this.newTables.has(`table ${objectTable(statement)}`);
    // On a table that nobody has seen yet there is nothing to block and nobody to authorize.
    this.step("+", statement, node, isNew ? { lock: "none", hazards: [] } : {});
  }

  /** A foreign key may come with its column, or with its table. */
  private isOfNewColumns({ node }: Statement): boolean {
    if (node.kind !== "add constraint" || node.constraint.kind !== "foreign key") return false;
    const table = tableIdentity(node.table);
    if (this.newTables.has(table)) return true;
    const added = this.newColumns.get(table);
    return node.constraint.columns.some((column) => added?.has(column));
  }

  private change(before: Statement, statement: Statement, changed: boolean): void {
    const { node } = statement;
    const old = before.node;
    switch (node.kind) {
      case "create table":
        if (old.kind === "create table" && changed) this.changeTable(old, statement);
        // No statement gives PUBLIC a right on a table, so none would take away what somebody has given it.
        if (this.refresh) {
          const on = { type: "table", name: node.table } as const;
          this.step("~", statement, { kind: "revoke all", on, from: ["public"] });
        }
        return;
      case "create schema":
      case "add constraint":
        if (changed) this.impossible.push({ entity: statement.entity, message: `${statement.object} changed.` });
        return;
      case "create index":
        if (changed) {
          this.drop(before, "~");
          this.step("~", statement, node);
        } else {
          this.step("~", statement, { ...node, ifNotExists: true }, { quiet: !changed });
        }
        return;
      case "create policy":
        if (!this.refresh && old.kind === "create policy" && isAlterable(old, node)) {
          this.step("~", statement, { ...node, kind: "alter policy" });
        } else {
          this.dropIfExists(before);
          this.remade.add(statement.id);
          this.step("~", statement, node);
        }
        return;
      case "create function":
        if (old.kind === "create function" && !isReplaceable(old, node)) {
          this.drop(before, "~");
          this.remade.add(statement.id);
        }
        this.step("~", statement, node);
        return;
      case "create view":
        // Its name ends in a hash of what it shows: of one name there is one view.
        this.step("~", statement, { ...node, replace: true });
        return;
      case "create trigger":
        // `create or replace` is not for constraint triggers.
        if (node.deferred || (old.kind === "create trigger" && old.deferred)) this.dropIfExists(before);
        this.step("~", statement, node);
        return;
      case "grant":
        // Takes away first: a right that is no longer given must not stay.
        if (old.kind === "grant" && !this.remade.has(statement.object)) {
          this.step("~", statement, { kind: "revoke all", on: old.on, from: old.to });
        }
        this.step("~", statement, node);
        return;
      case "revoke all":
      case "comment":
      case "enable row security":
      case "insert missing":
        this.step("~", statement, node);
        return;
      default:
        node satisfies never;
    }
  }

  private changeTable(before: Extract<StatementNode, { kind: "create table" }>, statement: Statement): void {
    const { node, entity } = statement;
    if (node.kind !== "create table") return;
    const { steps, impossible, added } = tableChanges(before, node, this.grown);
    this.newColumns.set(statement.id, added);
    if (node.columns.some((column) => added.has(column.name) && (column.default ?? column.generated) !== undefined)) {
      for (const held of rowTypeFunctions(this.old.values(), dotted(node.table))) {
        if (this.away.has(held.id)) continue;
        this.away.add(held.id);
        this.drop(held, "~");
      }
    }
    for (const { object, node: change, lock, hazards } of steps) {
      const verb = change.kind === "add column" || change.kind === "add constraint" ? "+" : "-";
      this.step(verb, { ...statement, object }, change, { lock, hazards });
    }
    for (const reason of impossible)
      this.impossible.push({ entity, message: `${entity ?? statement.object}: ${reason}.` });
  }

  private drop(statement: Statement, verb: Verb = "-"): void {
    const { node } = statement;
    if (verb === "-" && this.away.has(statement.id)) return;
    switch (node.kind) {
      case "create policy":
      case "create trigger":
        this.step(verb, statement, { kind: "drop", object: partOfTable(node) });
        return;
      case "create function": {
        const parameters = node.parameters.map((parameter) => parameter.type);
        const object = { type: "function", name: node.function, parameters } as const;
        const { outlives } = statement;
        this.step(
          verb,
          statement,
          outlives === undefined ? { kind: "drop", object } : retirement(node.function, outlives),
        );
        return;
      }
      case "create view":
        this.step(verb, statement, { kind: "drop", object: { type: "view", name: node.view } });
        return;
      case "create index":
        this.step(
          verb,
          statement,
          { kind: "drop", object: { type: "index", name: { ...node.table, name: node.name } } },
          { lock: "access exclusive", hazards: ["drops an index"] },
        );
        return;
      case "grant":
        if (!this.isGone(statement)) this.step(verb, statement, { kind: "revoke all", on: node.on, from: node.to });
        return;
      case "comment":
        if (!this.isGone(statement)) this.step(verb, statement, { ...node, text: null });
        return;
      case "revoke all":
      case "insert missing":
        return;
      case "create table":
      case "create schema":
      case "add constraint":
      case "enable row security":
        this.impossible.push({
          entity: statement.entity,
          message: `${statement.object} is gone from the model and would be dropped.`,
        });
        return;
      default:
        node satisfies never;
    }
  }

  private dropIfExists(statement: Statement): void {
    const { node } = statement;
    if (node.kind !== "create policy" && node.kind !== "create trigger") return;
    this.step("~", statement, { kind: "drop", object: partOfTable(node), ...(this.refresh ? { ifExists: true } : {}) });
  }

  /** Whether the object that a comment or a right is about goes as well, and takes it along. */
  private isGone({ object }: Statement): boolean {
    return this.old.has(object) && !this.kept.has(object);
  }

  private step(verb: Verb, statement: Statement, node: StatementNode, more: Partial<PlanStep> = {}): void {
    const { kind, object, entity, role, lock, transactional, hazards } = statement;
    this.steps.push({
      verb,
      kind,
      object,
      ...(entity === undefined ? {} : { entity }),
      sql: node === statement.node ? statement.sql : printStatement(node),
      role,
      lock,
      transactional,
      hazards,
      quiet: false,
      ...more,
    });
  }
}
