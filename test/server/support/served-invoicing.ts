/** examples/invoicing, built into a database and served: what the tests of the server ask. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyPlan, planBuild } from "../../../src/database/apply.ts";
import { connect } from "../../../src/database/connection.ts";
import { ensureLogins } from "../../../src/database/logins.ts";
import { migrate } from "../../../src/database/migrate.ts";
import { compile } from "../../../src/dsl-to-sql/index.ts";
import { modelHash, type System } from "../../../src/model/index.ts";
import {
  createLog,
  createServer,
  type RunningServer,
  type ServerOptions,
  signToken,
} from "../../../src/server/index.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { invoicingBuild } from "../../support/invoicing-system.ts";

export const secret = "a secret of the tests, 32 bytes or more";

export type Person = "biller" | "member" | "owner";

const two = (n: number) => String(n).padStart(2, "0");
export const tenantId = (tenant: number) => `00000000-0000-4000-8000-0000000000${two(tenant)}`;
export const userId = (person: Person, tenant = 1) =>
  `100000${two(tenant)}-0000-4000-8000-0000000000${two({ biller: 1, member: 2, owner: 3 }[person])}`;
export const customerId = (n: number, tenant = 1) => `200000${two(tenant)}-0000-4000-8000-0000000000${two(n)}`;
/** Even ones are drafts, odd ones sent. */
export const invoiceId = (n: number, tenant = 1) => `300000${two(tenant)}-0000-4000-8000-0000000000${two(n)}`;

export const tokenOf = (person: Person, tenant = 1) =>
  signToken(secret, { actor: userId(person, tenant), tenant: tenantId(tenant) });

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it came. */
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape
  readonly data: any;
  readonly errors: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

export interface ServedInvoicing {
  readonly database: TestDatabase;
  /** The server's login. */
  readonly serverUrl: string;
  readonly system: System;
  /** Each line of the log, parsed. */
  readonly logged: Record<string, unknown>[];
  /** Another server on the same database; stopped by `close()`. */
  serve(options?: Partial<ServerOptions>): Promise<RunningServer>;
  close(): Promise<void>;
}

/** A database of one's own, seeded; no server yet. */
export async function servedInvoicing(): Promise<ServedInvoicing> {
  const { system, sourceMap } = await invoicingBuild();
  const seed = readFileSync(join(import.meta.dirname, "seed.sql"), "utf8");
  const statements = compile(system, sourceMap).statements;
  const database = await createTestDatabase({
    template: {
      name: "served invoicing",
      version: createHash("sha256")
        .update(JSON.stringify([statements.map(({ role, sql }) => [role, sql]), seed]))
        .digest("hex"),
      async build(url) {
        await migrate(url);
        await applyBuild(url, system, sourceMap);
        await query(url, seed);
      },
    },
  });
  const { serverUrl, workerUrl } = await ensureLogins(database.administratorUrl);
  const servers: RunningServer[] = [];
  const logged: Record<string, unknown>[] = [];
  const log = createLog({ level: "debug" }, { write: (line) => void logged.push(JSON.parse(line)) });
  return {
    database,
    serverUrl,
    system,
    logged,
    async serve(options) {
      const server = await createServer({
        database: serverUrl,
        jwt: { secret },
        port: 0,
        host: "127.0.0.1",
        introspection: true,
        log,
        ...options,
      });
      servers.push(server);
      return server;
    },
    async close() {
      await Promise.all(servers.map((server) => server.stop()));
      const client = await connect(database.administratorUrl);
      // Logins belong to the server, not to the database: with it they would stay behind.
      for (const url of [serverUrl, workerUrl]) {
        const login = client.escapeIdentifier(decodeURIComponent(new URL(url).username));
        await client.query(`drop owned by ${login}`);
        await client.query(`drop role ${login}`);
      }
      await client.end();
      await database.drop();
    },
  };
}

/** Builds a system, as `enginejs sql build` does. */
export async function applyBuild(url: string, system: System, sourceMap = {}): Promise<void> {
  const client = await connect(url);
  try {
    const compiled = compile(system, sourceMap);
    const { plan } = await planBuild(client, compiled);
    await applyPlan(client, plan, { system, compiled });
  } finally {
    await client.end();
  }
}

/** What a build leaves behind for server and worker. */
export async function recordBuild(url: string, system: System): Promise<void> {
  await query(
    url,
    "insert into enginejs.build (ir, ir_hash, fingerprint, engine_version) values ($1, $2, '', 'test')",
    JSON.stringify(system),
    await modelHash(system),
  );
}

async function query(url: string, sql: string, ...values: string[]): Promise<void> {
  const client = await connect(url);
  try {
    await client.query(sql, values.length > 0 ? values : undefined);
  } finally {
    await client.end();
  }
}

/** Asks a server; without a token as the anonymous actor. */
export async function ask(
  server: { readonly port: number },
  token: string | undefined,
  graphql: string,
  variables?: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<GraphqlAnswer> {
  const response = await fetch(`http://127.0.0.1:${server.port}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query: graphql, variables }),
  });
  const text = await response.text();
  const { data, errors = [] } = JSON.parse(text);
  return { status: response.status, headers: response.headers, text, data, errors };
}

/** The code of the only error. */
export function codeOf({ errors }: GraphqlAnswer): unknown {
  return errors.length === 1 ? errors[0]?.extensions.code : errors.map((error) => error.extensions.code);
}
