/** The PostgreSQL versions that the lints are tried on: the embedded one, and Debian's 15 where it is installed. */
import pg from "pg";
import { createTestDatabase } from "../../support/database.ts";
import { programsOf, startOtherPostgres } from "../../support/other-postgres.ts";

export interface LintServer {
  readonly name: string;
  /** Why it is left out. */
  readonly missing?: string;
  /** As a superuser, who can make each of the states that are found fault with. */
  create(): Promise<{ readonly url: string; readonly client: pg.Client; close(): Promise<void> }>;
}

const old = programsOf(15);

export const servers: readonly LintServer[] = [
  {
    name: "embedded PostgreSQL",
    async create() {
      const database = await createTestDatabase();
      return { url: database.administratorUrl, client: await database.administrator(), close: () => database.drop() };
    },
  },
  {
    name: "PostgreSQL 15",
    ...(old === undefined ? { missing: "PostgreSQL 15 is not installed" } : {}),
    async create() {
      if (old === undefined) throw new Error("PostgreSQL 15 is not installed");
      const server = await startOtherPostgres(old);
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      return {
        url: server.url,
        client,
        close: async () => {
          await client.end();
          await server.stop();
        },
      };
    },
  },
];
