/** The steps of a workflow as a graph, each expression checked against what is known when the step runs. */
import { describeType, type Variable } from "../../expression/index.ts";
import type { NodeOf, WorkflowGraph, WorkflowNode } from "../../model/index.ts";
import { typeSchema } from "../../model/schema-types.ts";
import type { FlowRecorder } from "../flow-recorder.ts";
import type { StepDeclaration, StepOf } from "../flow-steps.ts";
import { loopItems } from "./loop-items.ts";
import { isPlainObject } from "./options.ts";
import { publishNode } from "./queues.ts";
import { recorded } from "./recorded-steps.ts";
import { shown } from "./report.ts";
import { TAKEN, takeStepName } from "./step-names.ts";
import { checkStepOptions } from "./step-options.ts";
import { stepResult } from "./step-result.ts";
import { GraphDraft, type Tails } from "./workflow-graph.ts";
import { httpNode, logNode, taskNode } from "./workflow-outside-steps.ts";
import {
  createNode,
  deleteNode,
  getNode,
  listNode,
  queryNode,
  transformNode,
  updateNode,
} from "./workflow-row-steps.ts";
import type { StepContext } from "./workflow-step-context.ts";
import { approvalNode, signalNode, sleepNode, startNode, waitForSignalNode } from "./workflow-wait-steps.ts";

/** Makes the graph of one workflow, or of a body in it: one step after the other, each sees the results before it. */
export class GraphBuilder {
  private readonly draft: GraphDraft;
  private readonly outer: StepContext;
  private tails: Tails;
  /** Results of this graph so far. */
  private results: Readonly<Record<string, Variable>> = {};
  private last: WorkflowNode | undefined;
  /** The values of `output`. */
  private output: Record<string, string> | undefined;

  constructor(context: StepContext, draft: GraphDraft = new GraphDraft(), tails: Tails = []) {
    this.outer = context;
    this.draft = draft;
    this.tails = tails;
  }

  /** The whole of a workflow, from start to end. */
  workflow(steps: readonly StepDeclaration[]): WorkflowGraph {
    this.append({ id: "start", kind: "start" });
    for (const step of steps) this.add(step);
    const { output } = this;
    this.append({ id: "end", kind: "end", ...(output === undefined ? {} : { output: "result", values: output }) });
    return { nodes: this.draft.nodes, edges: this.draft.edges };
  }

  /** What a run gives, as a JSON Schema; undefined where it gives nothing. */
  get gives(): Readonly<Record<string, unknown>> | undefined {
    const { output, context } = this;
    if (output === undefined) return undefined;
    const environment = context.environment();
    const properties = Object.entries(output).map(([name, text]) => [
      name,
      typeSchema(context.tools.expressions.typeOf(text, environment)),
    ]);
    return { type: "object", properties: Object.fromEntries(properties) };
  }

  private get context(): StepContext {
    return this.outer.with(this.results);
  }

  private append(node: WorkflowNode): void {
    this.tails = this.draft.append(node, this.tails);
    this.last = node;
  }

  private add(step: StepDeclaration): void {
    const { context } = this;
    if (this.output !== undefined) {
      context.refuse(step, "nothing comes behind the output", "Make .output() the last step.");
      return;
    }
    if (step.kind === "output") {
      this.output = context.checked(step, step.values);
      return;
    }
    if (!takeStepName(context, step)) return;
    checkStepOptions(context, step);
    context.tools.context.locate(`workflows.${context.workflow}.${step.id}`, step.site);
    const node = this.node(step);
    if (node === undefined) {
      // What later steps say of its result would only be consequences.
      this.results = { ...this.results, ...this.unknownResult(step) };
      return;
    }
    if (node !== "made") this.append(node);
    const made = node === "made" ? this.draft.nodes.find(({ id }) => id === step.id) : node;
    const result = made === undefined ? undefined : stepResult(context, made);
    if (result !== undefined) this.results = { ...this.results, [step.id]: result };
  }

  private unknownResult(step: StepDeclaration): Readonly<Record<string, Variable>> {
    const { environments } = this.context.tools;
    if (step.kind === "task") return { [step.id]: environments.output(undefined) };
    if (step.kind !== "query") return {};
    const rows = stepResult(this.context, { id: step.id, kind: "db.query", query: "unknown", parameters: {} });
    return rows === undefined ? {} : { [step.id]: rows };
  }

  private node(step: Exclude<StepDeclaration, { kind: "output" }>): WorkflowNode | "made" | undefined {
    const { context } = this;
    switch (step.kind) {
      case "create":
        return createNode(context, step);
      case "get":
      case "find":
        return getNode(context, step);
      case "list":
        return listNode(context, step);
      case "update":
      case "updateAll":
        return updateNode(context, step);
      case "delete":
        return deleteNode(context, step);
      case "query":
        return queryNode(context, step);
      case "publish":
        return publishNode(context, step);
      case "signal":
        return signalNode(context, step);
      case "transform":
        return transformNode(context, step);
      case "task":
        return taskNode(context, step);
      case "log":
        return logNode(context, step);
      case "http":
        return httpNode(context, step);
      case "sleep":
        return sleepNode(context, step);
      case "waitForSignal":
        return waitForSignalNode(context, step);
      case "approval":
        return approvalNode(context, step);
      case "start":
        return startNode(context, step);
      case "fail":
        return this.fail(step);
      case "branch":
        return this.branch(step);
      case "parallel":
        return this.parallel(step);
      case "forEach":
        return this.forEach(step);
      case "compensate":
        return this.compensate(step);
      default:
        return step satisfies never;
    }
  }

  private fail(step: StepOf<"fail">): WorkflowNode | undefined {
    const values = this.context.checked(step, step.values);
    const { error, message } = step;
    if (typeof error !== "string" || !/^[A-Z][A-Za-z0-9]*$/.test(error)) {
      this.context.refuse(step, `${shown(error)} is no name of an error`, 'A name such as "CardDeclined".');
      return undefined;
    }
    if (message !== undefined && typeof message !== "string") {
      this.context.refuse(step, `message is ${shown(message)}`, undefined, "message");
    }
    return { id: step.id, kind: "fail", error, ...(typeof message === "string" ? { message } : {}), values };
  }

  private branch(step: StepOf<"branch">): "made" | undefined {
    const when = this.context.expression(step, step.when, "condition", { kind: "bool" });
    this.append({ id: step.id, kind: "branch", cases: [{ port: "yes", when: when ?? "false" }], else: "no" });
    const yes = this.arm(step, step.then, "then", "yes");
    const no = step.otherwise === undefined ? undefined : this.arm(step, step.otherwise, "otherwise", "no");
    this.tails = [...yes.tails, ...(no?.tails ?? [{ from: step.id, port: "no" }])];
    this.results = { ...this.results, ...yes.results, ...no?.results };
    return "made";
  }

  private parallel(step: StepOf<"parallel">): "made" | undefined {
    const { arms } = step;
    const names = isPlainObject(arms) ? Object.keys(arms) : [];
    const odd = names.find((name) => !/^[a-z][A-Za-z0-9]*$/.test(name));
    if (!isPlainObject(arms) || names.length === 0 || odd !== undefined) {
      const what = odd === undefined ? `its arms are ${shown(arms)}` : `${shown(odd)} is no name of an arm`;
      this.context.refuse(step, what, "{ mail: (arm) => arm.task(…), print: (arm) => arm.task(…) }");
      return undefined;
    }
    this.append({ id: step.id, kind: "parallel", ports: names });
    const made = names.map((name) => this.arm(step, arms[name], name, name));
    this.tails = made.flatMap(({ tails }) => tails);
    for (const { results } of made) this.results = { ...this.results, ...results };
    return "made";
  }

  /** Steps of one arm, in the same graph. */
  private arm(step: StepDeclaration, steps: unknown, part: string, port: string) {
    const builder = new GraphBuilder(this.context, this.draft, [{ from: step.id, port }]);
    for (const inner of this.recorded(step, steps, part)) builder.add(inner);
    this.refuseOutput(step, builder);
    return { tails: builder.tails, results: builder.results };
  }

  private forEach(step: StepOf<"forEach">): NodeOf<"forEach"> | undefined {
    const { context } = this;
    const items = context.expression(step, step.items, "items");
    const limit = context.count(step, step.limit, "limit", 100, 10);
    const { as = "item" } = step;
    if (typeof as !== "string" || !/^[a-z][A-Za-z0-9]*$/.test(as) || (TAKEN.includes(as) && as !== "item")) {
      context.refuse(step, `as is ${shown(as)}`, 'A name such as "line".', "as");
      return undefined;
    }
    if (items === undefined) return undefined;
    const type = context.tools.expressions.typeOf(items, context.environment());
    if (type !== undefined && type.kind !== "json" && type.kind !== "list") {
      context.refuse(
        step,
        `${items} is ${describeType(type)} and no list`,
        "The rows of a list step: ({ open }) => open.rows.",
      );
    }
    const item = loopItems(context, this.draft.nodes, items, type);
    const { environments } = context.tools;
    const names: Record<string, Variable> = {
      [as]: "entity" in item ? environments.result(item.entity) : environments.output(item.schema),
      [`${as}Index`]: environments.output({ type: "integer" }),
    };
    const body = new GraphBuilder(context.with(names));
    for (const inner of this.recorded(step, step.body, "body")) body.add(inner);
    this.refuseOutput(step, body);
    const collect = step.collect === undefined ? undefined : body.context.expression(step, step.collect, "collect");
    return {
      id: step.id,
      kind: "forEach",
      items,
      item,
      as,
      limit,
      ...(collect === undefined ? {} : { collect }),
      body: { nodes: body.draft.nodes, edges: body.draft.edges },
    };
  }

  private compensate(step: StepOf<"compensate">): "made" | undefined {
    const { context, last } = this;
    if (last === undefined || ["start", "branch", "parallel", "compensate"].includes(last.kind)) {
      const hint = 'flow.task("charge", "charge-card").compensate("refund", (undo) => undo.task(…))';
      context.refuse(step, "there is no step before it that it could undo", hint);
      return undefined;
    }
    const body = new GraphBuilder(context);
    for (const inner of this.recorded(step, step.undo, "undo")) body.add(inner);
    this.refuseOutput(step, body);
    // No edge leads to it, and what follows follows the step that it undoes.
    this.draft.nodes.push({
      id: step.id,
      kind: "compensate",
      of: last.id,
      body: { nodes: body.draft.nodes, edges: body.draft.edges },
    });
    return "made";
  }

  private refuseOutput(step: StepDeclaration, { output }: GraphBuilder): void {
    if (output !== undefined)
      this.context.refuse(step, "an output stands inside of it", "Make .output() the last step of the workflow.");
  }

  private recorded(step: StepDeclaration, steps: unknown, part: string): readonly StepDeclaration[] {
    const { context } = this;
    if (typeof steps !== "function") {
      context.refuse(step, `${part} is ${shown(steps)}`, "(flow) => flow.task(…)");
      return [];
    }
    const of = `${context.what(step)}: ${part}`;
    return recorded(steps as (flow: FlowRecorder) => unknown, { of, site: step.site, context: context.tools.context });
  }
}
