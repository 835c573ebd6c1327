/** The chain that runs a workflow's `steps` and keeps what they declare; nothing is looked at here. */
import type { z } from "zod";
import type { Callback } from "./declared.ts";
import type { CallbackAt } from "./field.ts";
import type { StepDeclaration, StepKind, StepOf, StepParts } from "./flow-steps.ts";
import { captureSite, type Site } from "./site.ts";

type Given = Readonly<Record<string, unknown>>;

export class FlowRecorder {
  readonly steps: readonly StepDeclaration[];

  constructor(steps: readonly StepDeclaration[] = []) {
    this.steps = steps;
  }

  create(id: string, entity: string, values?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "create", (at) => ({ entity, values: at(values) }), options);
  }

  get(id: string, entity: string, row?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "get", (at) => ({ entity, row: at(row), missing: options?.missing }), options);
  }

  find(id: string, entity: string, where?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "find", (at) => ({ entity, where: at(where), missing: options?.missing }), options);
  }

  list(id: string, entity: string, options: Given = {}): FlowRecorder {
    const { where, orderBy, limit } = options;
    return this.#with(id, "list", (at) => ({ entity, where: at(where), orderBy, limit }), options);
  }

  update(id: string, entity: string, row?: Callback, values?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "update", (at) => ({ entity, row: at(row), values: at(values) }), options);
  }

  updateAll(id: string, entity: string, where?: Callback, values?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "updateAll", (at) => ({ entity, where: at(where), values: at(values) }), options);
  }

  delete(id: string, entity: string, row?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "delete", (at) => ({ entity, row: at(row) }), options);
  }

  query(id: string, query: string, values?: Callback, options?: Given): FlowRecorder {
    const row = options?.row as z.ZodType | undefined;
    return this.#with(id, "query", (at) => ({ query, values: at(values), row }), options);
  }

  publish(id: string, queue: unknown, values?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "publish", (at) => ({ queue, values: at(values) }), options);
  }

  signal(id: string, signal: string, key?: Callback, payload?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "signal", (at) => ({ signal, key: at(key), payload: at(payload) }), options);
  }

  transform(id: string, values?: Callback): FlowRecorder {
    return this.#with(id, "transform", (at) => ({ values: at(values) }));
  }

  task(id: string, task: string, values?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "task", (at) => ({ task, values: at(values) }), options);
  }

  log(id: string, message: string, values?: Callback, options?: Given): FlowRecorder {
    return this.#with(id, "log", (at) => ({ level: options?.level ?? "info", message, values: at(values) }), options);
  }

  http(id: string, request: Given = {}, options?: Given): FlowRecorder {
    const { method, url, headers, body, secret, privateHosts, accept, response, ...others } = request;
    return this.#with(
      id,
      "http",
      (at) => ({
        method,
        url: typeof url === "function" ? at(url) : url,
        headers: at(headers),
        body: at(body),
        secret,
        privateHosts,
        accept,
        response: response as z.ZodType | undefined,
        others,
      }),
      options,
    );
  }

  sleep(id: string, length: unknown): FlowRecorder {
    return this.#with(id, "sleep", (at) =>
      typeof length === "function" ? { length: undefined, moment: at(length) } : { length, moment: undefined },
    );
  }

  waitForSignal(id: string, signal: string, key?: Callback, options: Given = {}): FlowRecorder {
    const { timeout, payload } = options;
    return this.#with(
      id,
      "waitForSignal",
      (at) => ({ signal, key: at(key), timeout, payload: payload as z.ZodType | undefined }),
      options,
    );
  }

  approval(id: string, options: Given = {}): FlowRecorder {
    const { role, allow, question, show, timeout, refused } = options;
    return this.#with(
      id,
      "approval",
      (at) => ({ role, allow: at(allow), question, show: at(show), timeout, refused }),
      options,
    );
  }

  start(id: string, workflow: unknown, values?: Callback, options: Given = {}): FlowRecorder {
    const { wait, timeout } = options;
    return this.#with(id, "start", (at) => ({ workflow, values: at(values), wait, timeout }), options);
  }

  branch(id: string, when: Callback, then: unknown, otherwise?: unknown): FlowRecorder {
    return this.#with(id, "branch", (at) => ({ when: at(when), then, otherwise }));
  }

  parallel(id: string, arms: unknown): FlowRecorder {
    return this.#with(id, "parallel", () => ({ arms }));
  }

  forEach(id: string, items: Callback, body: unknown, options: Given = {}): FlowRecorder {
    const { as, limit, collect } = options;
    return this.#with(id, "forEach", (at) => ({ items: at(items), body, as, limit, collect: at(collect) }), options);
  }

  compensate(id: string, undo: unknown): FlowRecorder {
    return this.#with(id, "compensate", () => ({ undo }));
  }

  fail(id: string, error: string, options: Given = {}): FlowRecorder {
    const { message, values } = options;
    return this.#with(id, "fail", (at) => ({ error, message, values: at(values) }), options);
  }

  output(values: Callback): FlowRecorder {
    return this.#with("output", "output", (at) => ({ values: at(values) }));
  }

  #with<K extends StepKind>(
    id: string,
    kind: K,
    parts: (at: (callback: unknown) => CallbackAt | undefined) => StepParts[K],
    options?: Given,
  ): FlowRecorder {
    const site = captureSite();
    const step = {
      id,
      site,
      kind,
      ...(options === undefined ? {} : { options }),
      ...parts((callback) => callbackAt(callback, site)),
    };
    return new FlowRecorder([...this.steps, step as unknown as StepOf<K>]);
  }
}

/** What stands where a callback should is found by whoever runs it. */
function callbackAt(callback: unknown, site: Site | undefined): CallbackAt | undefined {
  return callback === undefined ? undefined : { callback: callback as Callback, site };
}
