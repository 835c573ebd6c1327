/**
 * Where declarations register themselves while a project's files are imported.
 * The collection hangs on a global symbol: a project that loads this package
 * twice still fills one collection.
 */
import type { ConfigDeclaration } from "./config.ts";
import type { EntityDeclaration } from "./entity.ts";
import type { HandlerDeclaration } from "./on.ts";
import type { QueueDeclaration } from "./queue.ts";
import type { SeedDeclaration } from "./seed.ts";
import type { TaskDeclaration } from "./task.ts";
import type { WorkflowDeclaration } from "./workflow.ts";

/** Everything that the files of one project declare, in the order of their import. */
export interface Collection {
  readonly configs: ConfigDeclaration[];
  readonly entities: EntityDeclaration[];
  readonly workflows: WorkflowDeclaration[];
  readonly seeds: SeedDeclaration[];
  readonly queues: QueueDeclaration[];
  /** All calls of `on()`. */
  readonly handlers: HandlerDeclaration[];
  /** Filled by the loader: those that files of `handlers/` export, by name. */
  readonly namedHandlers: NamedHandler[];
  /** Filled by the loader: a task's name is its file's. */
  readonly tasks: NamedTask[];
  /** Filled by the loader: `queries/<name>.sql`. */
  readonly queries: NamedQueryFile[];
}

/** What a file of `handlers/` exports: the handler's name, the file's path, and what `on()` made. */
export interface NamedHandler {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  readonly handler: unknown;
}

/** A file of `queries/`: its name, its path, and what stands in it. */
export interface NamedQueryFile {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  readonly text: string;
}

/** A task file: its name, its path, and what it exports as default. */
export interface NamedTask {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  /** What `defineTask` made; absent for a plain graphile-worker task file. */
  readonly task?: TaskDeclaration;
}

const key = Symbol.for("enginejs.collection");
const holder = globalThis as { [key]?: Collection | undefined };

/**
 * Opens a collection; declarations made from now on are in it.
 *
 * @example
 * const collection = beginCollection();
 * await import("./domain/invoice.model.ts");
 * const built = buildSystem(collection, { root });
 */
export function beginCollection(): Collection {
  const collection: Collection = {
    configs: [],
    entities: [],
    workflows: [],
    seeds: [],
    queues: [],
    handlers: [],
    namedHandlers: [],
    tasks: [],
    queries: [],
  };
  holder[key] = collection;
  return collection;
}

/** Closes the collection that is open: later declarations register nowhere. */
export function endCollection(): void {
  holder[key] = undefined;
}

/** Adds to the open collection. Where none is open (a task file that imports a model at run time), nothing happens. */
export function collect<K extends keyof Collection>(kind: K, declaration: Collection[K][number]): void {
  (holder[key]?.[kind] as Collection[K][number][] | undefined)?.push(declaration);
}
