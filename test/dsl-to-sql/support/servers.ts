/** The PostgreSQL versions that the compiler's SQL is tested on: the embedded one, and Debian's 15 where it is installed. */
import type pg from "pg";
import { coreTemplate } from "../../support/core.ts";
import { createTestDatabase } from "../../support/database.ts";
import { programsOf, sharedOtherPostgres } from "../../support/other-postgres.ts";

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

const isOldHere = programsOf(15) !== undefined;

export const servers: readonly TestServer[] = [
  { name: "embedded PostgreSQL", create: () => createTestDatabase({ template: coreTemplate }) },
  {
    name: "PostgreSQL 15",
    ...(isOldHere ? {} : { missing: "PostgreSQL 15 is not installed" }),
    create: async () => createTestDatabase({ template: coreTemplate, server: await sharedOtherPostgres(15) }),
  },
];
