/** What commands of administrators need: the database, its model, one transaction as the owner. */
import type pg from "pg";
import { connect } from "../database/connection.ts";
import type { System } from "../model/index.ts";
import { loadSeed } from "../project/load-seed.ts";
import { findProjectFolder } from "../project/project-folder.ts";
import { findUserId } from "./find-person.ts";
import { openDatabase } from "./open-database.ts";
import { readBuild } from "./read-build.ts";

export interface AdministrationOptions {
  readonly project?: string;
  readonly database?: string;
  readonly json?: boolean;
}

export interface Administration {
  /** Inside of a transaction, as enginejs_owner. */
  readonly client: pg.Client;
  /** The model that the database holds. */
  readonly system: System;
  /** A person's id: by id, e-mail address, or label of the seed's people. Throws EJS1033. */
  person(name: string): Promise<string>;
}

/** Runs `work` in one transaction: what it changes and the line of the log that tells of it stay together. */
export async function administer<T>(
  options: AdministrationOptions,
  work: (given: Administration) => Promise<T>,
): Promise<T> {
  const folder = findProjectFolder(options.project);
  const database = await openDatabase(folder, options.database);
  try {
    const system = await readBuild(database.url);
    const client = await connect(database.url);
    try {
      await client.query("begin");
      await client.query("set local role enginejs_owner");
      const person = (name: string) => findPerson(folder, client, system, name);
      const result = await work({ client, system, person });
      await client.query("commit");
      return result;
    } finally {
      await client.end();
    }
  } finally {
    await database.close();
  }
}

/**
 * A person's id: by id, e-mail address, or label of the seed's people.
 *
 * @throws EJS1033
 */
export async function findPerson(folder: string, client: pg.Client, system: System, name: string): Promise<string> {
  const people = (await loadSeed(folder))?.people ?? [];
  const labelled = people.find(({ label }) => label === name);
  if (labelled !== undefined) return labelled.user;
  const labels = people.map(({ label }) => label);
  return findUserId(client, system, name, labels);
}
