/**
 * The functions and views through which conditions read rows of other tables: owned by
 * enginejs_reader, which sees the true rows whatever the actor may see. That
 * also ends recursion: a policy that reads its own or another table's rows
 * never meets that table's policies.
 *
 * What is asked of a row is a function of the row's columns. What an actor reaches, the same for all rows of a statement, is
 * a view: planned and run as a part of the statement, where a function would be entered and left for each of them.
 */
import { type Entity, shortHash } from "../model/index.ts";
import { type QualifiedName, type SelectNode, type SqlExpression, select } from "../sql-ast/expressions.ts";
import { printExpression, printSelect } from "../sql-ast/print-expression.ts";
import type { CreateFunctionNode, FunctionParameter, ObjectReference } from "../sql-ast/statements.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import type { BuildNode } from "./statement.ts";
import type { StatementList } from "./statement-list.ts";

/** Who asks: policies are evaluated as the actor, rules and guards inside action functions. */
export type HelperPurpose = "policy" | "rule";

interface HelperRequest {
  readonly purpose: HelperPurpose;
  readonly entity: Entity;
  /** The part of the model's expression that it stands for, as a comment. */
  readonly sentence: string;
  readonly source: string;
  /** Tables that it reads. */
  readonly reads: readonly string[];
  /** Ids of functions of the model that it calls. */
  readonly calls: readonly string[];
}

/** What is asked of each row. */
export interface HelperFunctionRequest extends HelperRequest {
  /** The parameters, by name: their types. */
  readonly parameters: readonly FunctionParameter[];
  readonly returns: string;
  /** What it returns; parameters are columns of the function's own name. */
  readonly value: (functionName: string) => SqlExpression;
}

/** What an actor reaches. */
export interface HelperViewRequest extends HelperRequest {
  /** Of one column. */
  readonly select: SelectNode;
}

/** The view's only column. */
export const REACHED = "reached";

type Helper = Extract<ObjectReference, { readonly type: "function" | "view" }>;

const ASKERS: Readonly<Record<HelperPurpose, readonly string[]>> = {
  // enginejs_action inherits enginejs_user.
  policy: ["enginejs_anonymous", "enginejs_user"],
  rule: ["enginejs_action"],
};

export class HelperFunctions {
  private readonly list: StatementList;
  private readonly made = new Map<string, string>();

  constructor(list: StatementList) {
    this.list = list;
  }

  /**
   * Makes a function, or finds the one of the same content: its name ends in a hash of it, so that a changed
   * condition is a new function and no policy that is in force is changed behind its back.
   */
  define(request: HelperFunctionRequest): { readonly name: QualifiedName; readonly id: string } {
    const { purpose, parameters } = request;
    const content = `${purpose} ${parameters.map((p) => `${p.name} ${String(p.type)}`).join(", ")} ${printExpression(request.value("f"))}`;
    return this.named(
      request,
      content,
      (name) => ({ type: "function", name, parameters: parameters.map((p) => p.type) }),
      (name) => this.functionNode(request, name),
    );
  }

  /** Makes a view, or finds the one of the same content. */
  gather(request: HelperViewRequest): { readonly name: QualifiedName; readonly id: string } {
    const { purpose, select } = request;
    return this.named(
      request,
      `${purpose} ${printSelect(select)}`,
      (name) => ({ type: "view", name }),
      (view) => ({ kind: "create view", view, columns: [REACHED], select }),
    );
  }

  private named(
    request: HelperRequest,
    content: string,
    refer: (name: QualifiedName) => Helper,
    make: (name: QualifiedName) => BuildNode,
  ): { readonly name: QualifiedName; readonly id: string } {
    const { purpose, entity } = request;
    for (let salt = 0; ; salt++) {
      const hash = shortHash(salt === 0 ? content : `${content} ${salt}`);
      const name = this.list.model.name(`${`${purpose}_${entity.table}`.slice(0, 54)}_${hash}`);
      const reference = refer(name);
      const id = objectIdentity(reference);
      const known = this.made.get(id);
      if (known === content) return { name, id };
      if (known !== undefined) continue;
      this.made.set(id, content);
      this.add(request, make(name), reference, id);
      return { name, id };
    }
  }

  private functionNode(request: HelperFunctionRequest, name: QualifiedName): CreateFunctionNode {
    return {
      kind: "create function",
      function: name,
      parameters: request.parameters,
      returns: request.returns,
      ...definerBody(request.parameters, request.value(name.name)),
      volatility: "stable",
      securityDefiner: true,
      parallelSafe: true,
      settings: PINNED_SEARCH_PATH,
    };
  }

  private add(request: HelperRequest, made: BuildNode, reference: Helper, id: string): void {
    const { entity, source, sentence, purpose } = request;
    const { model } = this.list;
    const common = { entity: entity.name, source, role: "enginejs_reader" } as const;
    this.list.add(made, {
      ...common,
      kind: reference.type,
      object: id,
      phase: "functions",
      hazards: ["changes authorization"],
      dependsOn: [...request.reads.map((table) => tableIdentity(model.name(table))), ...request.calls],
      why: sentence,
    });
    addGrants(this.list, reference, ASKERS[purpose], common);
    this.list.comment({
      on: reference,
      text: [sentence],
      ...(reference.type === "view" && { hidden: true }),
      ...common,
    });
  }
}

/**
 * What is called once per statement is PL/pgSQL: its plan is kept for the session, where before PostgreSQL 18 that of an
 * SQL function is made anew for every statement. What is called per row is SQL: within a statement it costs less.
 */
export const definerBody = (
  parameters: readonly FunctionParameter[],
  value: SqlExpression,
): Pick<CreateFunctionNode, "language" | "body"> =>
  parameters.length > 0
    ? { language: "sql", body: { kind: "select", select: selectValue(value) } }
    : {
        language: "plpgsql",
        body: { kind: "block", block: { kind: "block", declarations: [], statements: [{ kind: "return", value }] } },
      };

/** Takes EXECUTE from everybody and gives it to some. */
export function addExecuteGrants(
  list: StatementList,
  reference: ObjectReference,
  roles: readonly string[],
  common: {
    readonly entity?: string;
    readonly source: string;
    readonly role: "enginejs_reader" | "enginejs_action" | "enginejs_owner";
  },
): void {
  if (reference.type !== "function") throw new TypeError("only functions are executed");
  addGrants(list, reference, roles, common);
}

/** Of a function to execute it, of a view to select from it. */
function addGrants(
  list: StatementList,
  reference: Helper,
  roles: readonly string[],
  common: Parameters<typeof addExecuteGrants>[3],
): void {
  const privilege = reference.type === "function" ? "execute" : "select";
  const object = objectIdentity(reference);
  list.add(
    { kind: "revoke all", on: reference, from: ["public"] },
    { ...common, kind: "revoke", id: `revoke on ${object} from public`, object, phase: "grants", dependsOn: [object] },
  );
  list.add(
    { kind: "grant", privileges: [{ privilege }], on: reference, to: roles },
    {
      ...common,
      kind: "grant",
      id: `grant on ${object}`,
      object,
      phase: "grants",
      hazards: ["changes authorization"],
      dependsOn: [object, `revoke on ${object} from public`],
    },
  );
}

/** `select value` as the whole body of a function. */
export const selectValue = (value: SqlExpression): SelectNode => select({ columns: [{ value }] });
