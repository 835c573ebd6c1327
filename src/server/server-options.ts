import type pg from "pg";
import type { Logger } from "pino";
import type { TokenOptions } from "./authentication/token-options.ts";
import type { TrustProxy } from "./http/trusted-proxies.ts";
import { serverError } from "./request-error.ts";

/** What one request may ask for at most. */
export interface RequestLimits {
  /** Bytes of a request's body. */
  readonly bodyBytes: number;
  /** Levels of fields in a document. */
  readonly depth: number;
  /** Lists within lists. */
  readonly listDepth: number;
  /** How often a path in a document may come back to the same field. */
  readonly selfReferences: number;
  /** Fields of a document, each alias by itself and fragments spelt out wherever they are spread. */
  readonly fields: number;
  /** Rows of a list that is asked for without `first` or `last`. */
  readonly defaultPageSize: number;
  /** Most for `first` and `last`. */
  readonly pageSize: number;
  /** Most for `offset`; cursors go further. */
  readonly offset: number;
  /** Rows that one document may ask for: its page sizes, multiplied along each path. */
  readonly rows: number;
  /** When the database ends a statement. */
  readonly statementTimeoutMs: number;
  /** When the server gives up on its own answer. */
  readonly requestTimeoutMs: number;
}

export const defaultLimits: RequestLimits = {
  bodyBytes: 256 * 1024,
  depth: 12,
  listDepth: 4,
  selfReferences: 2,
  fields: 1_000,
  defaultPageSize: 50,
  pageSize: 500,
  offset: 10_000,
  rows: 50_000,
  statementTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
};

export interface ServerPartsOptions {
  /**
   * The database as its server login: NOINHERIT, admitted by `enginejs.admit_login(…, 'server')`; or a pool that stays the caller's own, also in
   * what it makes of connections that fall silent (a URL's are given up after about six seconds).
   */
  readonly database: string | pg.Pool;
  /** Most connections, where `database` is a URL; 10 unless said otherwise. */
  readonly poolSize?: number;
  /** Whose tokens count. Without it each request with a token is refused. */
  readonly jwt?: TokenOptions;
  readonly limits?: Partial<RequestLimits>;
  /**
   * How many proxies stand before the server, or their addresses and networks. Their X-Forwarded-For says who calls
   * (`request.ip`); without this it is the other end of the connection, whatever a header says.
   */
  readonly trustProxy?: TrustProxy;
  /** GraphiQL, and introspection unless that is said; off unless asked for. */
  readonly development?: boolean;
  /** Whether clients may ask for the schema; as `development` unless said otherwise. */
  readonly introspection?: boolean;
  /**
   * Whether a refusal names the rules by their sentences ("Invoice.update is for: the owner or billing") to the
   * application's own actors; it does unless this is false. Whoever has no token is told nothing of them.
   */
  readonly explainDenials?: boolean;
  /** Where GraphQL is mounted; GraphiQL needs it. `/graphql` unless said otherwise. */
  readonly graphqlPath?: string;
  /** Where the log goes; pino on standard output at level info unless said otherwise. */
  readonly log?: Logger;
  /** Gives the secret of a webhook by the name of its environment variable; the process's own environment unless given. */
  readonly webhookSecret?: (variable: string) => string | undefined;
}

export interface ServerOptions extends ServerPartsOptions {
  /** 4000 unless said otherwise; 0 takes any free one. */
  readonly port?: number;
  /** Which addresses it listens on; all of them unless said otherwise. */
  readonly host?: string;
  /** Websites whose pages may call the API: `["https://app.example"]`. None unless said. */
  readonly corsOrigins?: readonly string[];
  /** Where `/metrics` is answered in Prometheus' form, on a port of its own; nowhere unless given. `host`: this machine alone unless given. */
  readonly metrics?: { readonly port: number; readonly host?: string };
  /** How long `stop()` waits for answers that are under way, in milliseconds; 10 seconds unless said otherwise. */
  readonly stopTimeoutMs?: number;
}

/** @throws EngineError EJS5051 */
export function checkLimits(given: Partial<RequestLimits> = {}): RequestLimits {
  const limits = { ...defaultLimits, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in defaultLimits)) {
      throw serverError("EJS5051", `limits.${name} is unknown. Limits: ${Object.keys(defaultLimits).join(", ")}.`);
    }
    // setTimeout and PostgreSQL's statement_timeout both end here.
    if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1) {
      throw serverError("EJS5051", `limits.${name} is ${value}; a whole number from 1 to ${2 ** 31 - 1} is allowed.`);
    }
  }
  if (limits.defaultPageSize > limits.pageSize) {
    throw serverError(
      "EJS5051",
      `limits.defaultPageSize (${limits.defaultPageSize}) is above limits.pageSize (${limits.pageSize}).`,
    );
  }
  return limits;
}

/** @throws EngineError EJS5051 */
export function checkOrigins(origins: readonly string[] = []): ReadonlySet<string> {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw serverError(
        "EJS5051",
        `corsOrigins: "${origin}" is not an origin such as "https://app.example" (no path, no "*").`,
      );
    }
  }
  return new Set(origins);
}
