/**
 * One database step of a request, as one train of protocol messages:
 *
 *     Parse? Bind Execute   select enginejs.begin_request(…)
 *     Parse? Bind Execute   the statement
 *     Sync
 *
 * Everything between two Syncs is one transaction of PostgreSQL's own making: what
 * begin_request sets holds for the statement and is gone afterwards; a failure of
 * the first leaves the second unread; the commit is part of the Sync, so an answer
 * is confirmed before it is handed on. That is `begin; begin_request; statement; commit`
 * in one round trip and one write to the socket instead of four of each.
 */
import type pg from "pg";
import { beginRequestText } from "../../database/act-as.ts";
import { type ActorSession, beginRequestValues } from "./actor-session.ts";
import type { PreparedStatement, PreparedStatements } from "./prepared-statements.ts";

export interface TrainStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Statements of the same key have the same text and stay prepared; without one it is parsed each time. */
  readonly key?: string | undefined;
  readonly rowsAsArrays: boolean;
}

export interface TrainResult {
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

/** What pg's Connection offers besides its typed part. */
interface Wire {
  readonly stream: { cork?(): void; uncork?(): void };
  parse(message: { name: string; text: string }): void;
  bind(message: {
    portal: string;
    statement: string;
    values: readonly unknown[];
    valueMapper(value: unknown): unknown;
  }): void;
  describe(message: { type: "P"; name: string }): void;
  execute(message: { portal: string; rows: number }): void;
  close(message: { type: "S"; name: string }): void;
  sync(): void;
}

interface RowDescription {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

const beginKey = "enginejs.begin_request";

/** Submittable to a pg client: `new ActorTrain(…)`, `client.query(train)`, `await train.result`. */
export class ActorTrain implements pg.Submittable {
  readonly result: Promise<TrainResult>;
  /** pg looks at it to decide whether somebody listens. */
  readonly callback = () => undefined;

  readonly #client: pg.ClientBase;
  readonly #prepared: PreparedStatements;
  readonly #session: ActorSession;
  readonly #statement: TrainStatement;
  readonly #added: string[] = [];
  readonly #rows: unknown[] = [];
  #begun = false;
  #rowCount: number | null = null;
  #columns: readonly string[] = [];
  #readColumns: readonly ((text: string) => unknown)[] = [];
  #target: PreparedStatement | undefined;
  #unreadable: unknown;
  #resolve!: (result: TrainResult) => void;
  #reject!: (error: unknown) => void;

  constructor(client: pg.ClientBase, prepared: PreparedStatements, session: ActorSession, statement: TrainStatement) {
    this.#client = client;
    this.#prepared = prepared;
    this.#session = session;
    this.#statement = statement;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    const { text, values, key } = this.#statement;
    wire.stream.cork?.();
    try {
      for (const name of this.#prepared.takeClosing()) wire.close({ type: "S", name });
      this.#send(wire, beginRequestText, beginRequestValues(this.#session), beginKey);
      this.#target = this.#send(wire, text, values, key);
    } catch (error) {
      // A value without a text: the train is as long as it got, and its answer is this error.
      this.#unreadable = error;
    } finally {
      wire.sync();
      wire.stream.uncork?.();
    }
  }

  #send(wire: Wire, text: string, values: readonly unknown[], key: string | undefined): PreparedStatement | undefined {
    let statement = key === undefined ? undefined : this.#prepared.get(key);
    if (statement === undefined) {
      if (key !== undefined) {
        statement = this.#prepared.add(key);
        this.#added.push(key);
      }
      wire.parse({ name: statement?.name ?? "", text });
    }
    wire.bind({ portal: "", statement: statement?.name ?? "", values, valueMapper: textOf });
    if (key !== beginKey) {
      if (statement?.readColumns && this.#statement.rowsAsArrays) this.#readColumns = statement.readColumns;
      else wire.describe({ type: "P", name: "" });
    }
    wire.execute({ portal: "", rows: 0 });
    return statement;
  }

  handleRowDescription({ fields }: RowDescription): void {
    const types = this.#client as unknown as { getTypeParser(oid: number, format: "text"): (text: string) => unknown };
    this.#readColumns = fields.map((field) => types.getTypeParser(field.dataTypeID, "text"));
    if (this.#target) this.#target.readColumns = this.#readColumns;
    if (!this.#statement.rowsAsArrays) this.#columns = fields.map((field) => field.name);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (!this.#begun || this.#unreadable !== undefined) return;
    try {
      const read = this.#readColumns;
      const row: unknown[] = new Array(fields.length);
      for (let i = 0; i < fields.length; i++) {
        const text = fields[i];
        row[i] = text === null || text === undefined ? null : (read[i] as (text: string) => unknown)(text);
      }
      this.#rows.push(
        this.#statement.rowsAsArrays ? row : Object.fromEntries(this.#columns.map((name, i) => [name, row[i]])),
      );
    } catch (error) {
      this.#unreadable = error;
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    if (!this.#begun) {
      this.#begun = true;
      return;
    }
    const count = /(\d+)$/.exec(text);
    this.#rowCount = count ? Number(count[1]) : null;
  }

  handleReadyForQuery(): void {
    if (this.#unreadable !== undefined) this.handleError(this.#unreadable);
    else this.#resolve({ rows: this.#rows, rowCount: this.#rowCount });
  }

  handleError(error: unknown): void {
    for (const key of this.#added) this.#prepared.forget(key);
    this.#reject(error);
  }

  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(connection: { sendCopyFail(reason: string): void }): void {
    connection.sendCopyFail("a request cannot copy");
  }
  handleCopyData(): void {}
}

/** PostGraphile encodes values itself: text, or what has an obvious text. */
function textOf(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    case "undefined":
      return null;
    default:
      if (value === null || Buffer.isBuffer(value)) return value;
      throw new TypeError(`a parameter of a statement is ${Object.prototype.toString.call(value)}, not text`);
  }
}
