/**
 * The functions through which conditions read rows of other tables: owned by
 * enginejs_reader, which sees the true rows whatever the actor may see. That
 * also ends recursion: a policy that reads its own or another table's rows
 * never meets that table's policies.
 */
import { type Entity, shortHash } from "../model/index.ts";
import type { QualifiedName, SelectNode, SqlExpression } from "../sql-ast/expressions.ts";
import { select } from "../sql-ast/expressions.ts";
import { printExpression } from "../sql-ast/print-expression.ts";
import type { CreateFunctionNode, FunctionParameter, ObjectReference } from "../sql-ast/statements.ts";
import { objectIdentity } from "./object-identity.ts";

import type { StatementList } from "./statement-list.ts";

/** Who asks: policies are evaluated as the actor, rules and guards inside action functions. */
export type HelperPurpose = "policy" | "rule";

export interface HelperRequest {
  readonly purpose: HelperPurpose;
  readonly entity: Entity;
  /** The part of the model's expression that it stands for, as a comment. */
  readonly sentence: string;
  readonly source: string;
  /** The parameters, by name: their types. */
  readonly parameters: readonly FunctionParameter[];
  readonly returns: string;
  /** Tables that it reads. */
  readonly reads: readonly string[];
  /** Ids of functions of the model that it calls. */
  readonly calls: readonly string[];
  /** What it returns; parameters are columns of the function's own name. */
  readonly value: (functionName: string) => SqlExpression;
}

const EXECUTORS: Readonly<Record<HelperPurpose, readonly string[]>> = {
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
  define(request: HelperRequest): { readonly name: QualifiedName; readonly id: string } {
    const { entity, purpose, parameters } = request;
    const content = `${purpose} ${parameters.map((p) => `${p.name} ${String(p.type)}`).join(", ")} ${printExpression(request.value("f"))}`;
    for (let salt = 0; ; salt++) {
      const hash = shortHash(salt === 0 ? content : `${content} ${salt}`);
      const name = this.list.model.name(`${`${purpose}_${entity.table}`.slice(0, 54)}_${hash}`);
      const reference: ObjectReference = { type: "function", name, parameters: parameters.map((p) => p.type) };
      const id = objectIdentity(reference);
      const known = this.made.get(id);
      if (known === content) return { name, id };
      if (known !== undefined) continue;
      this.made.set(id, content);
      this.add(request, name, reference, id);
      return { name, id };
    }
  }

  private add(request: HelperRequest, name: QualifiedName, reference: ObjectReference, id: string): void {
    const { entity, source, sentence, purpose } = request;
    const { schema } = this.list.model.system;
    const node: CreateFunctionNode = {
      kind: "create function",
      function: name,
      parameters: request.parameters,
      returns: request.returns,
      ...definerBody(request.parameters, request.value(name.name)),
      volatility: "stable",
      securityDefiner: true,
      parallelSafe: true,
      settings: [{ name: "search_path", value: "" }],
    };
    const common = { entity: entity.name, source, role: "enginejs_reader" } as const;
    this.list.add(node, {
      ...common,
      kind: "function",
      object: id,
      phase: "functions",
      hazards: ["changes authorization"],
      dependsOn: [...request.reads.map((table) => `table ${schema}.${table}`), ...request.calls],
      why: sentence,
    });
    addExecuteGrants(this.list, reference, EXECUTORS[purpose], common);
    this.list.comment({ on: reference, text: [sentence], ...common });
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
    readonly entity: string;
    readonly source: string;
    readonly role: "enginejs_reader" | "enginejs_action" | "enginejs_owner";
  },
): void {
  if (reference.type !== "function") throw new TypeError("only functions are executed");
  const object = objectIdentity(reference);
  list.add(
    { kind: "revoke all", on: reference, from: ["public"] },
    { ...common, kind: "revoke", id: `revoke on ${object} from public`, object, phase: "grants", dependsOn: [object] },
  );
  list.add(
    { kind: "grant", privileges: [{ privilege: "execute" }], on: reference, to: roles },
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
