/** What the compilation of one node of a process works with: what comes in, what goes out, and its expressions. */
import type { processErrors } from "../errors/process-errors.ts";
import type { ExpressionType, Variable } from "../expression/index.ts";
import type { Retry, WorkflowNode } from "../model/index.ts";
import { DEFAULT_RETRY } from "../model/index.ts";
import type { JsonSchema } from "../model/schema-types.ts";
import { durationMs } from "./duration.ts";
import type { ProcessNode } from "./file-graph.ts";
import type { ProcessRetry } from "./format-parts.ts";
import type { GraphScope } from "./graph-scope.ts";
import type { ProcessContext } from "./process-context.ts";
import { schemaVariable } from "./process-context.ts";
import type { FindingOptions, Path } from "./process-source.ts";
import { misfit } from "./process-types.ts";
import { rewriteNames } from "./rewrite-names.ts";

/** A value that comes in by a port, or goes out by one. */
export interface PortValue {
  readonly schema: JsonSchema;
  /** The expression that stands for it in the run; null where there is no value. */
  readonly source: string | null;
}

/** What a node has become. */
export interface Made {
  /** One after the other: edges lead to the first, and from the last. */
  readonly nodes: readonly WorkflowNode[];
  /** The expression of each out port that has a value of the operation's own. */
  readonly values: Readonly<Record<string, string>>;
  /** The run goes on by one of the ports, which the last node chooses. */
  readonly chooses?: boolean;
  /** No edge leads to its nodes. */
  readonly isAside?: boolean;
}

export class NodeContext<N extends ProcessNode = ProcessNode> {
  readonly process: ProcessContext;
  /** The graph that it stands in. */
  readonly scope: GraphScope;
  readonly id: string;
  readonly node: N;
  readonly path: Path;
  readonly in: Readonly<Record<string, PortValue>>;
  readonly out: Readonly<Record<string, JsonSchema>>;
  /** An id for a further node, which nothing else has. */
  readonly freeId: (wanted: string) => string;
  private readonly taken: ReadonlySet<string>;

  constructor(
    process: ProcessContext,
    id: string,
    node: N,
    ports: Pick<NodeContext, "scope" | "in" | "out" | "freeId"> & { readonly taken: ReadonlySet<string> },
  ) {
    this.process = process;
    this.id = id;
    this.node = node;
    this.scope = ports.scope;
    this.path = [...ports.scope.path, "nodes", id];
    this.in = ports.in;
    this.out = ports.out;
    this.freeId = ports.freeId;
    this.taken = ports.taken;
  }

  at(...parts: Path): Path {
    return [...this.path, ...parts];
  }

  report(code: keyof typeof processErrors, message: string, path: Path, options: FindingOptions = {}): void {
    this.process.source.report(code, `${this.id}: ${message}`, path, options);
  }

  /** The names that its expressions see. */
  names(more: Readonly<Record<string, Variable>> = {}): Readonly<Record<string, Variable>> {
    const ports = Object.entries(this.in).map(([name, { schema }]) => [name, schemaVariable(schema)]);
    return { ...Object.fromEntries(ports), ...more };
  }

  /** The type of an expression over the ports; undefined after a report. */
  typeOf(path: Path, text: string): ExpressionType | undefined {
    return this.process.expression(path, text, this.names());
  }

  /** Checks an expression; its text over the results of the run. `more` are names that stay as they are. */
  expression(
    path: Path,
    text: string,
    expected?: ExpressionType,
    more: Readonly<Record<string, Variable>> = {},
  ): string {
    this.process.expression(path, text, this.names(more), expected);
    return this.rewritten(text, Object.keys(more));
  }

  /** Checks that an expression gives what a schema says; its text over the results of the run. */
  value(path: Path, text: string, schema: JsonSchema, of: string): string {
    this.process.fits(path, text, this.names(), schema, of);
    return this.rewritten(text);
  }

  /** Expressions by name, of any type. */
  values(part: string, given: Readonly<Record<string, string>> = {}): Record<string, string> {
    const entries = Object.entries(given).map(([name, text]) => [name, this.expression(this.at(part, name), text)]);
    return Object.fromEntries(entries);
  }

  /** The text of an expression over the results of the run. `stay` are names that mean something else than a port. */
  rewritten(text: string, stay: readonly string[] = []): string {
    const sources = Object.entries(this.in).filter(([name]) => !stay.includes(name));
    return rewriteNames(text, new Map(sources.map(([name, { source }]) => [name, source])), this.taken);
  }

  /** The label, for people. */
  get labelled(): { readonly label?: string } {
    const { label } = this.node;
    return label === undefined ? {} : { label };
  }

  /** What a node says of its attempts. */
  attempts({ retry, timeout }: { readonly retry?: ProcessRetry | undefined; readonly timeout?: string | undefined }): {
    retry?: Retry;
    timeoutMs?: number;
  } {
    const timeoutMs = timeout === undefined ? undefined : durationMs(timeout);
    return {
      ...(retry === undefined ? {} : { retry: retryOf(retry) }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
  }

  /** The out port that an operation gives its own value by: of that name, else the one that no in port is called. */
  ownPort(preferred: string, others: readonly string[] = []): string | undefined {
    const names = Object.keys(this.out).filter((name) => !others.includes(name));
    if (names.includes(preferred)) return preferred;
    const [own, ...more] = names.filter((name) => !Object.hasOwn(this.in, name));
    if (own !== undefined && more.length > 0) {
      const message = `${own} and ${more.join(" and ")} would both be what ${this.node.op} gives`;
      this.report("EJS2514", `${message}.`, this.at("out"), { hint: `Call the port of its value "${preferred}".` });
    }
    return own;
  }

  /** Reports where what an operation gives by a port is not of the port's type. */
  gives(port: string, schema: JsonSchema): void {
    const problem = misfit(schema, this.out[port] ?? {});
    if (problem !== undefined)
      this.report("EJS2513", `what it gives by "${port}" is ${problem}.`, this.at("out", port));
  }
}

/** The retry of a file, with what it leaves out. */
export function retryOf({ attempts, backoff, initial, max }: ProcessRetry): Retry {
  const initialMs = initial === undefined ? DEFAULT_RETRY.initialMs : (durationMs(initial) ?? DEFAULT_RETRY.initialMs);
  const maxMs = max === undefined ? Math.max(DEFAULT_RETRY.maxMs, initialMs) : (durationMs(max) ?? DEFAULT_RETRY.maxMs);
  return {
    attempts: attempts ?? DEFAULT_RETRY.attempts,
    backoff: backoff ?? DEFAULT_RETRY.backoff,
    initialMs: Math.min(initialMs, maxMs),
    maxMs,
  };
}
