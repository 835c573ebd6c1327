/** The PostgreSQL versions that the compiler's SQL is tested on: the embedded one, and Debian's 15 where it is installed. */
import pg from "pg";
import { migrate } from "../../../src/database/migrate.ts";
import { coreTemplate } from "../../support/core.ts";
import { createTestDatabase } from "../../support/database.ts";
import { programsOf, startOtherPostgres } from "../../support/other-postgres.ts";

export interface CoreDatabase {
  readonly url: string;
  client(options?: { readonly role?: string }): Promise<pg.Client>;
  drop(): Promise<void>;
}

export interface TestServer {
  readonly name: string;
  /** Why it is left out. */
  readonly missing?: string;
  /** A new database that holds the core. */
  create(): Promise<CoreDatabase>;
}

const old = programsOf(15);

export const servers: readonly TestServer[] = [
  {
    name: "embedded PostgreSQL",
    create: async () => {
      const database = await createTestDatabase({ template: coreTemplate });
      return { url: database.url, client: () => database.client(), drop: () => database.drop() };
    },
  },
  {
    name: "PostgreSQL 15",
    ...(old === undefined ? { missing: "PostgreSQL 15 is not installed" } : {}),
    create: async () => {
      if (old === undefined) throw new Error("PostgreSQL 15 is not installed");
      const server = await startOtherPostgres(old);
      await migrate(server.url);
      const clients: pg.Client[] = [];
      return {
        url: server.url,
        client: async () => {
          const client = new pg.Client({ connectionString: server.url });
          client.on("error", () => undefined);
          await client.connect();
          clients.push(client);
          return client;
        },
        drop: async () => {
          await Promise.all(clients.map((client) => client.end()));
          await server.stop();
        },
      };
    },
  },
];
