/** The PostgreSQL versions that the compiler's SQL is tested on: the embedded one, and Debian's 15 where it is installed. */
import pg from "pg";
import { migrate } from "../../../src/database/migrate.ts";
import { builderUrl } from "../../support/builder.ts";
import { coreTemplate } from "../../support/core.ts";
import { createTestDatabase } from "../../support/database.ts";
import { programsOf, startOtherPostgres } from "../../support/other-postgres.ts";

export interface CoreDatabase {
  /** Of whoever builds in this run. */
  readonly url: string;
  /** A connection as whoever builds. */
  client(): Promise<pg.Client>;
  /** One as a superuser, for a test that says why it needs one. */
  administrator(): Promise<pg.Client>;
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
      const { url, client, administrator, drop } = await createTestDatabase({ template: coreTemplate });
      return { url, client, administrator, drop };
    },
  },
  {
    name: "PostgreSQL 15",
    ...(old === undefined ? { missing: "PostgreSQL 15 is not installed" } : {}),
    create: async () => {
      if (old === undefined) throw new Error("PostgreSQL 15 is not installed");
      const server = await startOtherPostgres(old);
      const url = await builderUrl(server.url);
      await migrate(url);
      const clients: pg.Client[] = [];
      const connected = async (connectionString: string) => {
        const client = new pg.Client({ connectionString });
        client.on("error", () => undefined);
        await client.connect();
        clients.push(client);
        return client;
      };
      return {
        url,
        client: () => connected(url),
        administrator: () => connected(server.url),
        drop: async () => {
          await Promise.all(clients.map((client) => client.end()));
          await server.stop();
        },
      };
    },
  },
];
