/** The people with salaries of the compiler's tests, built into a database and served. */
import { connect } from "../../../src/database/connection.ts";
import { ensureLogins } from "../../../src/database/logins.ts";
import type { System } from "../../../src/model/index.ts";
import { createLog, createServer, type RunningServer, signToken } from "../../../src/server/index.ts";
import { people, type TestActor, tenants } from "../../dsl-to-sql/support/invoicing-database.ts";
import { buildPersonnel, personnel } from "../../dsl-to-sql/support/personnel.ts";
import { coreTemplate } from "../../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { secret } from "./served-invoicing.ts";

const KINDS = ["list", "get", "create", "update", "delete"] as const;

/** Every operation of every entity. */
export function withOperations(system: System): System {
  for (const entity of system.entities) {
    entity.operations = KINDS.map((kind) => ({ id: `${entity.name}.${kind}`, kind, input: [], output: [] }));
  }
  return system;
}

export interface ServedPersonnel {
  readonly database: TestDatabase;
  readonly server: RunningServer;
  readonly logged: Record<string, unknown>[];
  close(): Promise<void>;
}

export async function servedPersonnel(system = withOperations(personnel())): Promise<ServedPersonnel> {
  const database = await createTestDatabase({ template: coreTemplate });
  const client = await database.client();
  await buildPersonnel(client, system);
  const { serverUrl, workerUrl } = await ensureLogins(database.administratorUrl);
  const logged: Record<string, unknown>[] = [];
  const log = createLog({ level: "debug" }, { write: (line) => void logged.push(JSON.parse(line)) });
  const server = await createServer({
    database: serverUrl,
    jwt: { secret },
    port: 0,
    host: "127.0.0.1",
    introspection: true,
    log,
  });
  return {
    database,
    server,
    logged,
    async close() {
      await server.stop();
      const admin = await connect(database.administratorUrl);
      for (const url of [serverUrl, workerUrl]) {
        const login = admin.escapeIdentifier(decodeURIComponent(new URL(url).username));
        await admin.query(`drop owned by ${login}`);
        await admin.query(`drop role ${login}`);
      }
      await admin.end();
      await database.drop();
    },
  };
}

export const tokenFor = ({ id, tenant }: TestActor): Promise<string> =>
  signToken(secret, { actor: id ?? people.nobody, tenant: tenant ?? tenants.ours });
