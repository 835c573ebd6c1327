/**
 * One walk over a run's graph: does every step that can be done now and stops where each path waits, has failed, or
 * has come to its end. What has a checkpoint is walked over without doing anything.
 */

import type { NodeOf, Retry, WorkflowEdge, WorkflowNode } from "../model/index.ts";
import { LeaseLost } from "./act-in-run.ts";
import { DatabaseGone } from "./database-gone.ts";
import { evaluate } from "./database-step.ts";
import { doStep } from "./do-step.ts";
import { forEach } from "./for-each.ts";
import { type Frame, outerFrame } from "./frame.ts";
import { inOneTransaction } from "./joint-transaction.ts";
import { attemptLimit, gives, transactionOf } from "./node-traits.ts";
import type { PassOptions, Pause } from "./pass-options.ts";
import type { PreparedGraph, PreparedNode } from "./prepared-graph.ts";
import { requirePayload } from "./require-payload.ts";
import { retryDelay } from "./retry-delay.ts";
import type { Failure, LastResult, Step, StepContext, StepOutcome } from "./run.ts";
import { settleEdges } from "./settle-edges.ts";
import { stepFailure } from "./step-failure.ts";
import { refuseRefusal } from "./steps/wait.ts";
import { withTimeLimit } from "./with-time-limit.ts";

/** A graph is done, or something in it is not. */
type Walk = "done" | "open";

/** How far a walk over a graph has come. */
interface WalkState {
  readonly graph: PreparedGraph;
  readonly frame: Frame;
  /** By node: how many of its edges are open still. */
  readonly open: Map<string, number>;
  /** By node: the edges by which it was reached. */
  readonly taken: Map<string, WorkflowEdge[]>;
}

export class GraphPass {
  /** Paths that wait. */
  readonly waiting: string[] = [];
  /** Steps that are to be tried again. */
  readonly pauses: Pause[] = [];
  /** The first failure for good: what else runs is told to stop. */
  failure: Failure | undefined;
  /** The first step that was under way when the run was told to stop. */
  interrupted: string | undefined;
  leaseLost = false;
  /** The connection to the database was lost on the way: only the database knows what is done. */
  gone = false;
  /** What the run gives. */
  output: unknown;
  /** Whoever does not end the run with it has to keep it: `keepLast`. */
  last: LastResult | undefined;
  /** How many paths are being walked. */
  private paths = 0;
  private readonly options: PassOptions;
  /** The run's, aborted also when one path has failed for good. */
  private readonly signal: AbortSignal;
  private readonly halt: AbortController;

  constructor(options: PassOptions) {
    this.options = options;
    this.halt = options.halt;
    this.signal = this.halt.signal;
  }

  /** Walks over the whole of the run. */
  walkRun(): Promise<Walk> {
    return this.walk(this.options.run.definition.graph, outerFrame(this.options.run.results));
  }

  /** Walks over a graph, a body among them. Never rejects: what came of it stands in this object. */
  async walk(graph: PreparedGraph, frame: Frame): Promise<Walk> {
    const state: WalkState = { graph, frame, open: new Map(), taken: new Map() };
    let walk: Walk = "done";
    const follow = async (from: PreparedNode): Promise<void> => {
      this.paths += 1;
      await walkFrom(from);
      this.paths -= 1;
    };
    const walkFrom = async (from: PreparedNode): Promise<void> => {
      for (let next: PreparedNode | undefined = from; next !== undefined; ) {
        const ready = await this.advance(next, state);
        if (ready === "open") {
          walk = "open";
          return;
        }
        // A chain is walked without growing the stack.
        next = ready.pop();
        if (ready.length > 0) {
          await Promise.all([...ready, ...(next === undefined ? [] : [next])].map(follow));
          return;
        }
      }
    };
    await Promise.all(graph.roots.map(follow));
    return walk;
  }

  /** Keeps the result of the last step by itself, where the run does not end with it; false where the lease is lost. */
  async keepLast(): Promise<boolean> {
    const { last } = this;
    this.last = undefined;
    return last === undefined || this.options.keep(last.step, last.output);
  }

  /** Whether the run's end comes after this node, and nothing else runs. */
  private isLast({ out }: PreparedNode, { prefix }: Frame): boolean {
    const { nodes } = this.options.run.definition.graph;
    return (
      prefix === "" &&
      this.paths === 1 &&
      out.every(({ to }) => {
        const node = nodes.get(to)?.node;
        return node?.kind === "end" && !gives(node);
      })
    );
  }

  /** Does a node, with those that are one transaction with it; the nodes that can run then. */
  private async advance(next: PreparedNode, state: WalkState): Promise<PreparedNode[] | "open"> {
    const { graph, frame, open, taken } = state;
    const { results } = this.options.run;
    if (transactionOf(next) !== undefined && !(frame.prefix + next.node.id in results)) {
      return this.transact(next, state);
    }
    const port = await this.visit(next, state);
    return port === "open" ? "open" : settleEdges(graph, next, port, open, taken);
  }

  /** Does a node and all that follow it in its transaction; the nodes that can run behind it. */
  private async transact(first: PreparedNode, state: WalkState): Promise<PreparedNode[] | "open"> {
    const { graph, frame, open, taken } = state;
    const { context, run } = this.options;
    if (this.signal.aborted) return "open";
    const done: string[] = [];
    const behind: PreparedNode[] = [];
    let current = first;
    try {
      await inOneTransaction(context, { ...run, signal: this.signal }, async (joint) => {
        const ready = [first];
        for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
          current = next;
          const path = frame.prefix + next.node.id;
          const outcome = await this.attempt(next, state, path, joint);
          if (typeof outcome === "string") throw new TypeError(`${path} is no step of a transaction`);
          done.push(path);
          const port = this.settle(next, frame, path, outcome.output);
          for (const node of settleEdges(graph, next, port, open, taken)) {
            (transactionOf(node) === transactionOf(first) ? ready : behind).push(node);
          }
        }
      });
      return behind;
    } catch (error) {
      // Nothing of it has happened.
      for (const path of done) delete run.results[path];
      this.fail(frame.prefix + current.node.id, current.node, error);
      return "open";
    }
  }

  /** Remembers the result of a node; the port by which it goes on. */
  private settle({ node }: PreparedNode, frame: Frame, path: string, output: unknown): { readonly port?: string } {
    this.options.run.results[path] = output;
    frame.names[node.id] = output;
    const chooses = node.kind === "branch" || (node.kind === "task" && node.ports !== undefined);
    return chooses ? { port: String((output as { port?: unknown }).port) } : {};
  }

  /** Does a node; the port by which it goes on, undefined for all of them, or "open". */
  private async visit(prepared: PreparedNode, state: WalkState): Promise<{ readonly port?: string } | "open"> {
    const { node } = prepared;
    const { frame } = state;
    const path = frame.prefix + node.id;
    const { results } = this.options.run;
    try {
      if (!(path in results)) {
        // Another path has failed for good, or the run is told to stop.
        if (this.signal.aborted) return "open";
        const outcome = await this.attempt(prepared, state, path);
        if (outcome === "waiting") {
          if (!this.waiting.includes(path) && node.kind !== "forEach") this.waiting.push(path);
          return "open";
        }
        if (outcome === "none") return {};
        results[path] = outcome.output;
      }
      const output = results[path];
      const port = this.settle(prepared, frame, path, output);
      const step = { run: this.options.run, path, frame };
      if (node.kind === "approval") refuseRefusal(step, node, output);
      if (node.kind === "waitForSignal") requirePayload(step, node, output);
      return port;
    } catch (error) {
      this.fail(path, node, error);
      return "open";
    }
  }

  private attempt(
    prepared: PreparedNode,
    { frame, taken }: WalkState,
    path: string,
    context: StepContext = this.options.context,
  ): Promise<StepOutcome | "none"> | "waiting" | "none" {
    const { node, body } = prepared;
    const { run, waits, keep } = this.options;
    switch (node.kind) {
      case "start":
      case "parallel":
      case "compensate":
        return "none";
      case "end":
        return gives(node) ? this.end(node, frame, path) : "none";
      case "forEach":
        return body === undefined ? "none" : this.loop(node, body, frame, path);
      default: {
        const wait = waits.get(path);
        if (wait?.state === "failed") throw new ChildFailed(wait.error ?? "what it waited for has failed");
        if (wait?.state === "waiting") return "waiting";
        const timeout = attemptLimit(node);
        const work = (signal: AbortSignal) => {
          const as = timeout === undefined ? run.as : { ...run.as, statementTimeout: timeout };
          return context.observer.step(run, path, node, (traceparent) => {
            const came = taken.get(node.id) ?? [];
            const step: Step = { run: { ...run, as, signal, traceparent }, path, frame, came };
            return doStep(context, step, node, async (output) => {
              if (!this.isLast(prepared, frame)) return keep(path, output);
              this.last = { step: path, output };
              return true;
            });
          });
        };
        return withTimeLimit(timeout, this.signal, work, node.kind === "task" ? GRACE : undefined);
      }
    }
  }

  /** The run's output; evaluated anew where the run is taken up again behind its last step. */
  private async end({ id, values, value, output }: NodeOf<"end">, frame: Frame, path: string): Promise<"none"> {
    const { context, run } = this.options;
    this.output = await evaluate(
      context,
      { run: { ...run, signal: this.signal }, path, frame },
      value === undefined ? { id, kind: "values", values: values ?? {} } : { id, kind: "value", value },
    );
    // Which of several it is, for whoever asks for the result (enginejs.workflow_result).
    const named = `${path}:output`;
    if (Object.keys(run.definition.workflow.outputs ?? {}).length > 1 && !(named in run.results)) {
      this.last = { step: named, output: { output: output ?? null } };
    }
    return "none";
  }

  private loop(node: NodeOf<"forEach">, body: PreparedGraph, frame: Frame, path: string): Promise<StepOutcome> {
    const { context, run } = this.options;
    const how = {
      context,
      walk: (graph: PreparedGraph, inner: Frame) => this.walk(graph, inner),
      keep: (at: string, output: unknown) => this.keep(at, output),
    };
    return forEach(how, { run: { ...run, signal: this.signal }, path, frame }, node, body);
  }

  private async keep(path: string, output: unknown): Promise<void> {
    const { run, keep } = this.options;
    if (!(await keep(path, output))) throw new LeaseLost();
    run.results[path] = output;
  }

  private fail(path: string, node: WorkflowNode, error: unknown): void {
    const { run, waits, failures } = this.options;
    // What came after its result, such as that it is no JSON.
    if (this.last?.step === path) this.last = undefined;
    if (error instanceof LeaseLost || run.signal.reason instanceof LeaseLost) {
      this.leaseLost = true;
      this.halt.abort(error);
      return;
    }
    if (error instanceof DatabaseGone) this.gone = true;
    // Whatever a step throws after it was told to stop is no failure of its own.
    if (this.signal.aborted || (error instanceof DatabaseGone && error.blameless)) {
      this.interrupted ??= path;
      return;
    }
    const { retryable, message, afterMs } =
      error instanceof ChildFailed ? { retryable: false, message: error.message, afterMs: 0 } : stepFailure(error);
    const count = (waits.get(path)?.failures ?? failures(path)) + 1;
    const retry: Retry = ("retry" in node ? node.retry : undefined) ?? run.definition.workflow.retry;
    if (retryable && count < retry.attempts) {
      const pause = Math.max(retryDelay(retry, count), afterMs);
      this.pauses.push({ step: path, error: message, failures: count, pause });
      return;
    }
    this.failure = { step: path, error: message };
    this.halt.abort(error);
  }
}

/** How long a task that does not hear its signal is waited for, in milliseconds: then the run ends without it. */
const GRACE = 10_000;

/** What a step waited for has failed: that is no failure that another attempt would mend. */
class ChildFailed extends Error {}
