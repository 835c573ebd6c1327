/** The statements that one connection holds prepared. */

/** The most per connection; the one that was used longest ago goes. */
const capacity = 200;

export interface PreparedStatement {
  readonly name: string;
  /** How each column's text becomes a value; known once the statement was described. */
  readColumns?: readonly ((text: string) => unknown)[];
}

/**
 * Names are never used twice on a connection: what became of a statement whose
 * train failed is unknown, so it is closed, which PostgreSQL allows for names
 * that it does not know, and prepared anew under another name.
 */
export class PreparedStatements {
  readonly #byKey = new Map<string, PreparedStatement>();
  #closing: string[] = [];
  #made = 0;

  get(key: string): PreparedStatement | undefined {
    const found = this.#byKey.get(key);
    if (found === undefined) return undefined;
    this.#byKey.delete(key);
    this.#byKey.set(key, found);
    return found;
  }

  add(key: string): PreparedStatement {
    const statement = { name: `e${++this.#made}` };
    this.#byKey.set(key, statement);
    if (this.#byKey.size > capacity) {
      const [oldest] = this.#byKey.keys();
      if (oldest !== undefined) this.forget(oldest);
    }
    return statement;
  }

  forget(key: string): void {
    const statement = this.#byKey.get(key);
    if (statement === undefined) return;
    this.#byKey.delete(key);
    this.#closing.push(statement.name);
  }

  forgetAll(): void {
    for (const key of [...this.#byKey.keys()]) this.forget(key);
  }

  /** Names to close before anything else is sent; handed out once. */
  takeClosing(): readonly string[] {
    if (this.#closing.length === 0) return this.#closing;
    const closing = this.#closing;
    this.#closing = [];
    return closing;
  }
}
