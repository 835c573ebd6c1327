/**
 * Synchronous processes of pure database work as one function each: `app.orders_place(input jsonb) returns jsonb`, with the
 * rights of whoever calls it, so that every policy speaks to him. It gives `{"output": "placed", "value": {…}}`; an error that
 * the process declares is raised (EJ422), and with it everything is rolled back.
 *
 * The statements are those that the worker runs for the same nodes; between them stands what its walk over the graph decides:
 * a node is done where each of its inputs has an edge that was taken.
 */
import { canonicalText, type NodeOf, type Workflow, type WorkflowEdge } from "../model/index.ts";
import { and, binary, call, column, literal, not, or, type SqlExpression } from "../sql-ast/expressions.ts";
import type { BlockNode, PlpgsqlStatement } from "../sql-ast/plpgsql.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { sortedBy } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { isGuarded, isProcessFunction, isPureNode, type PureNode, processFunctionName } from "./process-function.ts";
import type { StatementList } from "./statement-list.ts";
import { nodeOrder } from "./workflow/node-order.ts";
import { StatementMaker } from "./workflow/statement-maker.ts";
import { type StepScope, stepScope } from "./workflow/step-scope.ts";
import { type StatementNode, statementOf } from "./workflow/step-statement.ts";

/** Results of nodes by their ids; what a statement gave; what the process gives. No table or column begins with an underscore. */
const NAMES = "_names";
const VALUE = "_value";
const RESULT = "_result";
const variable = (name: string): SqlExpression => column(undefined, name);
const doneVariable = (id: string): string => `_done_${id}`;

/** What the worker gives as parameters. */
const values = (functionName: string): string =>
  `(
    select null::jsonb as before, null::jsonb as after, ${functionName}.input as input, ${NAMES} as value,
      null::uuid as record_id, enginejs.tenant_id() as tenant_id
  ) as "results"`;

export function compileProcessFunctions(list: StatementList): void {
  const { model } = list;
  for (const workflow of sortedBy(model.system.workflows, ({ name }) => name)) {
    if (isProcessFunction(workflow)) addFunction(workflow, list);
  }
}

function addFunction(workflow: Workflow, list: StatementList): void {
  const { model } = list;
  const name = model.name(processFunctionName(workflow));
  const reference = { type: "function", name, parameters: ["jsonb"] } as const;
  const object = objectIdentity(reference);
  const common = { source: `workflows.${workflow.name}`, role: "enginejs_reader" } as const;
  const why = workflow.description ?? `the process ${workflow.name}`;
  const tables = workflow.nodes.flatMap((node) =>
    "entity" in node ? [tableIdentity(model.table(model.entity(node.entity)))] : [],
  );
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [{ name: "input", type: "jsonb" }],
      returns: "jsonb",
      language: "plpgsql",
      volatility: "volatile",
      securityDefiner: false,
      settings: PINNED_SEARCH_PATH,
      body: { kind: "block", block: new ProcessBlock(workflow, name.name, list).block() },
    },
    {
      ...common,
      kind: "function",
      object,
      phase: "functions",
      dependsOn: [...new Set(tables)].sort(),
      why,
    },
  );
  addExecuteGrants(list, reference, ["enginejs_anonymous", "enginejs_user", "enginejs_system"], common);
  list.comment({ on: reference, text: [why], ...common });
}

class ProcessBlock {
  private readonly workflow: Workflow;
  private readonly functionName: string;
  private readonly list: StatementList;
  private readonly scope: StepScope;
  /** Nodes that every call comes to. */
  private readonly always = new Set<string>();

  constructor(workflow: Workflow, functionName: string, list: StatementList) {
    this.workflow = workflow;
    this.functionName = functionName;
    this.list = list;
    this.scope = stepScope(list.model, workflow, values(functionName));
  }

  block(): BlockNode {
    const { workflow } = this;
    const order = nodeOrder(workflow.name, workflow).filter(isPureNode);
    const statements = order.flatMap((node) => this.node(node));
    const noResult = call("jsonb_build_object", literal("output"), literal(null), literal("value"), literal(null));
    return {
      kind: "block",
      // A process may be called like the alias of a statement.
      conflicts: "use column",
      declarations: [
        { name: NAMES, type: "jsonb", value: literal("{}", "jsonb") },
        { name: VALUE, type: "jsonb" },
        { name: RESULT, type: "jsonb", value: noResult },
        ...order
          .filter(({ id }) => !this.always.has(id))
          .map(({ id }) => ({ name: doneVariable(id), type: "boolean", value: literal(false) })),
      ],
      statements: [this.requireCall(), ...statements, { kind: "return", value: variable(RESULT) }],
    };
  }

  /** Who may call it, and with what. Without roles or `allow` anybody: it does nothing that he could not do himself. */
  private requireCall(): PlpgsqlStatement {
    const { name, trigger, input } = this.workflow;
    const guarded = isGuarded(this.workflow);
    const json = (value: unknown) => literal(value === undefined ? null : canonicalText(value as never), "jsonb");
    const arguments_ = [literal(name), json(guarded ? trigger : undefined), json(input)];
    const given = column(this.functionName, "input");
    return { kind: "perform", values: [call({ schema: "enginejs", name: "require_call" }, ...arguments_, given)] };
  }

  private node(node: PureNode): PlpgsqlStatement[] {
    const came = this.came(node.id);
    const work = this.work(node);
    if (came === true) {
      this.always.add(node.id);
      return work;
    }
    const done: PlpgsqlStatement = { kind: "assign", variable: doneVariable(node.id), value: literal(true) };
    return [{ kind: "if", branches: [{ when: came, body: [...work, done] }] }];
  }

  /** Whether each input of a node has a taken edge; true where that is so in every call. */
  private came(id: string): SqlExpression | true {
    const incoming = this.workflow.edges.filter(({ to }) => to === id);
    const inputs = [...Map.groupBy(incoming, ({ input = "" }) => input).values()];
    const asked = inputs.flatMap((edges) => {
      const taken = edges.map((edge) => this.taken(edge));
      return taken.includes(true) ? [] : [or(...taken.filter((one) => one !== true))];
    });
    return asked.length === 0 ? true : and(...asked);
  }

  private taken({ from, port }: WorkflowEdge): SqlExpression | true {
    const node = this.workflow.nodes.find((candidate) => candidate.id === from);
    const chosen =
      port === undefined || node?.kind !== "branch"
        ? []
        : [binary("=", binary("->>", binary("->", variable(NAMES), literal(from)), literal("port")), literal(port))];
    const done = this.always.has(from) ? [] : [variable(doneVariable(from))];
    return chosen.length + done.length === 0 ? true : and(...done, ...chosen);
  }

  private work(node: PureNode): PlpgsqlStatement[] {
    switch (node.kind) {
      case "start":
      case "parallel":
        return [];
      case "transform":
        return [this.run({ id: node.id, kind: "values", values: node.values }), this.keep(node.id)];
      case "branch":
      case "crud.list":
      case "db.update":
      case "crud.create":
        return [this.run(node), this.keep(node.id)];
      case "crud.get":
      case "crud.update":
      case "crud.delete":
        return [this.run(node), this.found(node), this.keep(node.id)];
      case "queue.publish":
        return [
          this.run({ id: node.id, kind: "values", values: node.message }),
          this.publish(node),
          this.keep(node.id),
        ];
      case "merge":
        return [this.merge(node), this.keep(node.id)];
      case "fail":
        return this.fail(node);
      case "end":
        return this.end(node);
      default:
        return node satisfies never;
    }
  }

  private run(node: StatementNode): PlpgsqlStatement {
    const maker = new StatementMaker(this.list.model, this.workflow, this.scope, node.id);
    return { kind: "statement text", text: statementOf(maker, node), into: VALUE };
  }

  /** By a definer's function: the caller needs none of the queue's roles, but the right to call the process. */
  private publish({ id }: NodeOf<"queue.publish">): PlpgsqlStatement {
    const given = [literal(this.workflow.name), literal(id), column(this.functionName, "input"), variable(VALUE)];
    const sent = call({ schema: "enginejs", name: "publish_in_call" }, ...given);
    return { kind: "assign", variable: VALUE, value: call("jsonb_build_object", literal("id"), sent) };
  }

  private keep(id: string): PlpgsqlStatement {
    const added = call("jsonb_build_object", literal(id), variable(VALUE));
    return { kind: "assign", variable: NAMES, value: binary("||", variable(NAMES), added) };
  }

  /** No row: it is not there, or a policy hides it. */
  private found(node: NodeOf<"crud.get" | "crud.update" | "crud.delete">): PlpgsqlStatement {
    const missing: PlpgsqlStatement =
      node.kind === "crud.get" && node.missing === "null"
        ? { kind: "assign", variable: VALUE, value: literal("null", "jsonb") }
        : { kind: "raise", sqlState: "EJ404", message: literal(nothingFor(node)) };
    return { kind: "if", branches: [{ when: not(variable("found")), body: [missing] }] };
  }

  /** The value that came over the first edge that was taken. */
  private merge(node: NodeOf<"merge">): PlpgsqlStatement {
    const cases = node.cases.map(({ from, port, value }, i) => {
      const taken = this.taken({ from, to: node.id, ...(port === undefined ? {} : { port }) });
      const body = [this.run({ id: `${node.id}#${i}`, kind: "value", value })];
      return { when: taken === true ? literal(true) : taken, body };
    });
    return { kind: "if", branches: cases };
  }

  /** As the transaction ends with it, nothing of the process is left. */
  private fail(node: NodeOf<"fail">): PlpgsqlStatement[] {
    const detail = call(
      "jsonb_build_object",
      literal("error"),
      literal(node.error),
      literal("values"),
      variable(VALUE),
    );
    const message = literal(node.message ?? node.error);
    return [...this.given(node), { kind: "raise", sqlState: "EJ422", message, detail: call("to_jsonb", detail) }];
  }

  private end(node: NodeOf<"end">): PlpgsqlStatement[] {
    if (node.values === undefined && node.value === undefined) return [];
    const [only, ...more] = Object.keys(this.workflow.outputs ?? {});
    const output = literal(node.output ?? (more.length === 0 ? (only ?? null) : null));
    const value = call("jsonb_build_object", literal("output"), output, literal("value"), variable(VALUE));
    return [...this.given(node), { kind: "assign", variable: RESULT, value }];
  }

  private given({ id, value, values }: NodeOf<"end" | "fail">): PlpgsqlStatement[] {
    const node: StatementNode =
      value === undefined ? { id, kind: "values", values: values ?? {} } : { id, kind: "value", value };
    return [this.run(node)];
  }
}

/** In the words of the same step in the worker (EJS6012). */
function nothingFor({ kind, entity, id }: NodeOf<"crud.get" | "crud.update" | "crud.delete">): string {
  const verb = kind === "crud.get" ? "read" : kind === "crud.update" ? "change" : "delete";
  return `step ${id}: there is no ${entity} that the caller could ${verb}: it is not there, or a policy hides it`;
}
