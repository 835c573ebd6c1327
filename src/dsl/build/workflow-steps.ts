/** The steps of a workflow as nodes, each expression checked against what is known when the step runs. */
import type { Variable } from "../../expression/index.ts";
import { type Entity, expressionType, type Field, type WorkflowNode } from "../../model/index.ts";
import { FlowRecorder, type StepDeclaration } from "../flow.ts";
import { siteOfError } from "../site.ts";
import type { WorkflowDeclaration } from "../workflow.ts";
import type { BuildContext } from "./build-context.ts";
import type { Callbacks, Written } from "./callbacks.ts";
import type { Environments } from "./environments.ts";
import type { Expressions } from "./expressions.ts";
import { isOpen, refusal, schemaProperties } from "./json-schema.ts";
import { isCleanText } from "./options.ts";
import { shown, suggestion } from "./report.ts";
import { reservedMember } from "./reserved-names.ts";

export interface StepTools {
  readonly context: BuildContext;
  readonly callbacks: Callbacks;
  readonly expressions: Expressions;
  readonly environments: Environments;
}

/** Names that every step sees already, or that begin and end the graph. */
const TAKEN = [
  "start",
  "end",
  "event",
  "record",
  "actor",
  "input",
  "row",
  "before",
  "after",
  "true",
  "false",
  "null",
  "in",
];

/** Runs `steps` and keeps what it declares. */
export function declaredSteps({ name, options, site }: WorkflowDeclaration, { report }: BuildContext) {
  const { steps } = options;
  if (typeof steps !== "function") {
    report.error("EJS2159", `Workflow ${name}: "steps" is ${shown(steps)}.`, { site, word: "steps" });
    return [];
  }
  try {
    const flow: unknown = steps(new FlowRecorder());
    if (flow instanceof FlowRecorder && flow.steps.length > 0) return flow.steps;
    const found = flow instanceof FlowRecorder ? "a flow without steps" : flow === undefined ? "nothing" : shown(flow);
    report.error("EJS2159", `Workflow ${name}: "steps" returns ${found}.`, { site, word: "steps" });
  } catch (error) {
    const message = error instanceof Error ? error.message : shown(error);
    report.error("EJS2130", `Workflow ${name}: "steps" failed: ${message}`, { site: siteOfError(error) ?? site });
  }
  return [];
}

/** The nodes of one workflow, made one after the other: each sees the results before it. */
export class StepBuilder {
  readonly nodes: WorkflowNode[] = [];
  private readonly results: Record<string, Variable> = {};
  private readonly workflow: string;
  private readonly entity: Entity;
  private readonly input: readonly Field[] | undefined;
  private readonly tools: StepTools;

  constructor(workflow: string, entity: Entity, input: readonly Field[] | undefined, tools: StepTools) {
    this.workflow = workflow;
    this.entity = entity;
    this.input = input;
    this.tools = tools;
  }

  add(step: StepDeclaration): void {
    if (!this.isUsable(step)) return;
    const { context, environments } = this.tools;
    context.locate(`workflows.${this.workflow}.${step.id}`, step.site);
    switch (step.kind) {
      case "create":
        this.addCreate(step);
        if (context.drafts.has(step.entity)) this.results[step.id] = environments.result(step.entity);
        return;
      case "task":
        this.addTask(step);
        this.results[step.id] = environments.output(
          this.tools.context.system.tasks.find(({ name }) => name === step.task)?.output,
        );
        return;
      case "log":
        this.addLog(step);
        return;
      default:
        step satisfies never;
    }
  }

  private what(step: StepDeclaration): string {
    return `Workflow ${this.workflow}, step ${step.id}`;
  }

  private isUsable({ id, site }: StepDeclaration): boolean {
    const { report } = this.tools.context;
    const problem =
      typeof id !== "string" || !/^[a-z][A-Za-z0-9]{0,62}$/.test(id)
        ? "is no name of a step"
        : TAKEN.includes(id) || reservedMember(id) !== undefined
          ? "means something else in every step"
          : this.nodes.some((node) => node.id === id)
            ? "is the name of an earlier step"
            : undefined;
    if (problem === undefined) return true;
    report.error("EJS2154", `Workflow ${this.workflow}: ${shown(id)} ${problem}.`, {
      site,
      word: typeof id === "string" ? id : undefined,
    });
    return false;
  }

  private values(step: StepDeclaration): ReadonlyMap<string, Written> {
    if (step.values === undefined) return new Map();
    // Not only the names that are known: for a misspelt one the checker finds the nearest.
    const names = ["event", "record", "actor", ...Object.keys(this.results)];
    return this.tools.callbacks.expressions(step.values, { names }, this.what(step)) ?? new Map();
  }

  private environment() {
    return this.tools.environments.step(this.entity, this.input, { ...this.results });
  }

  private addCreate(step: StepDeclaration & { kind: "create" }): void {
    const { context, expressions } = this.tools;
    const { report, drafts } = context;
    const written = this.values(step);
    const draft = drafts.get(step.entity);
    if (draft === undefined) {
      if (context.brokenEntities.has(step.entity)) return;
      const hint = suggestion(step.entity, drafts.keys(), "Entities");
      const message = `${this.what(step)}: there is no entity ${shown(step.entity)}.`;
      report.error("EJS2121", message, { site: step.site, word: step.entity, hint });
      return;
    }
    const { entity } = draft;
    const writable = entity.fields.filter((field) => field.writable.create);
    for (const [name, value] of written) {
      const field = writable.find((candidate) => candidate.name === name);
      if (field === undefined) {
        if (draft.broken.has(name)) continue;
        const what = entity.fields.some((candidate) => candidate.name === name)
          ? `${entity.name}.${name} is not written by whoever makes a row`
          : `${entity.name} has no field ${shown(name)}`;
        const hint = suggestion(
          name,
          writable.map((candidate) => candidate.name),
          "Fields that can be given",
        );
        report.error("EJS2155", `${this.what(step)}: ${what}.`, { site: step.site, word: name, hint });
        continue;
      }
      const type = field.type.kind === "one" ? ({ kind: "uuid" } as const) : expressionType(field.type);
      expressions.check(value, this.environment(), type);
    }
    const missing = writable.filter(
      (field) => field.required && field.default === undefined && !written.has(field.name),
    );
    if (missing.length > 0 && step.values !== undefined) {
      const names = missing.map(({ name }) => name).join(", ");
      report.error("EJS2156", `${this.what(step)}: ${entity.name} requires ${names}.`, { site: step.site });
    }
    this.nodes.push({ id: step.id, kind: "crud.create", entity: step.entity, values: textsOf(written) });
  }

  private addTask(step: StepDeclaration & { kind: "task" }): void {
    const { report, system } = this.tools.context;
    const written = this.values(step);
    const task = system.tasks.find((candidate) => candidate.name === step.task);
    if (task === undefined) {
      const names = system.tasks.map(({ name }) => name);
      const message = `${this.what(step)}: there is no task ${shown(step.task)}.`;
      const hint = suggestion(step.task, names, "Task files");
      report.error("EJS2153", message, { site: step.site, word: step.task, hint });
      return;
    }
    this.checkInput(step, task.input, written);
    this.nodes.push({ id: step.id, kind: "task", task: step.task, input: textsOf(written) });
  }

  private checkInput(step: StepDeclaration, schema: unknown, written: ReadonlyMap<string, Written>): void {
    const { context, expressions } = this.tools;
    const { report } = context;
    const properties = schemaProperties(schema);
    for (const [name, value] of written) {
      const core = expressions.check(value, this.environment());
      const property = properties?.find((candidate) => candidate.name === name);
      if (properties === undefined || (property === undefined && isOpen(schema))) continue;
      if (property === undefined) {
        const hint = suggestion(
          name,
          properties.map((candidate) => candidate.name),
          "Properties of its input",
        );
        const message = `${this.what(step)}: the task takes no ${shown(name)}.`;
        report.error("EJS2157", message, { site: step.site, word: name, hint });
        continue;
      }
      const wanted = core === undefined ? undefined : refusal(core.type, property.schema);
      if (wanted === undefined || core === undefined) continue;
      const message = `${value.what}: expected ${wanted}, found ${core.type.kind}.`;
      const hint = core.type.kind === "row" ? `Name one of its fields: ${value.text}.id.` : undefined;
      report.error("EJS2133", message, { site: step.site, word: name, hint });
    }
    const missing = (properties ?? []).filter((property) => property.required && !written.has(property.name));
    if (missing.length > 0) {
      const names = missing.map(({ name }) => name).join(", ");
      report.error("EJS2156", `${this.what(step)}: the task requires ${names}.`, { site: step.site });
    }
  }

  private addLog(step: StepDeclaration & { kind: "log" }): void {
    const { context, expressions } = this.tools;
    const written = this.values(step);
    for (const value of written.values()) expressions.check(value, this.environment());
    const levels = ["debug", "info", "warn", "error"];
    if (!levels.includes(step.level)) {
      const hint = suggestion(step.level, levels, "Levels");
      context.report.error("EJS2106", `${this.what(step)}: ${shown(step.level)} is no level.`, {
        site: step.site,
        hint,
      });
      return;
    }
    if (!isCleanText(step.message)) {
      const message = `${this.what(step)}: the message is ${shown(step.message)}.`;
      context.report.error("EJS2106", message, { site: step.site, hint: 'flow.log("done", "receipt sent")' });
      return;
    }
    this.nodes.push({ id: step.id, kind: "log", level: step.level, message: step.message, values: textsOf(written) });
  }
}

const textsOf = (written: ReadonlyMap<string, Written>): Record<string, string> =>
  Object.fromEntries([...written].map(([name, { text }]) => [name, text]));
