/** The PostgreSQL versions that the lints are tried on: the embedded one, and Debian's 15 where it is installed. */
import type pg from "pg";
import { createTestDatabase } from "../../support/database.ts";
import { programsOf, sharedOtherPostgres } from "../../support/other-postgres.ts";

export interface LintServer {
  readonly name: string;
  /** Why it is left out. */
  readonly missing?: string;
  /** As a superuser, who can make each of the states that are found fault with. */
  create(): Promise<{ readonly url: string; readonly client: pg.Client; close(): Promise<void> }>;
}

async function create(server?: string) {
  const database = await createTestDatabase(server === undefined ? {} : { server });
  return { url: database.administratorUrl, client: await database.administrator(), close: () => database.drop() };
}

export const servers: readonly LintServer[] = [
  { name: "embedded PostgreSQL", create: () => create() },
  {
    name: "PostgreSQL 15",
    ...(programsOf(15) === undefined ? { missing: "PostgreSQL 15 is not installed" } : {}),
    create: async () => create(await sharedOtherPostgres(15)),
  },
];
