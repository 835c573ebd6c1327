/** What commands of administrators need: the database, its model, one transaction as the owner. */
import type pg from "pg";
import { connect } from "../database/connection.ts";
import type { System } from "../model/index.ts";
import { loadSeed } from "../project/load-seed.ts";
import { findProjectFolder } from "../project/project-folder.ts";
import { findUserId, onlyTenantOf } from "./find-person.ts";
import { findTenant } from "./find-tenant.ts";
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
  /** As whom, and in which tenant, a command asks. Throws EJS1033, EJS1037. */
  actor(asked: { readonly as: string; readonly tenant?: string }): ReturnType<typeof findActor>;
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
      const actor: Administration["actor"] = (asked) => findActor(folder, client, system, asked);
      const result = await work({ client, system, person, actor });
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
async function findPerson(folder: string, client: pg.Client, system: System, name: string): Promise<string> {
  const people = (await loadSeed(folder))?.people ?? [];
  const labelled = people.find(({ label }) => label === name);
  if (labelled !== undefined) return labelled.user;
  const labels = people.map(({ label }) => label);
  return findUserId(client, system, name, labels);
}

/** Whoever sends no token. */
const ANONYMOUS = "anonymous";

/**
 * As whom and in which tenant `--as` and `--tenant` ask; nobody, where it is "anonymous".
 *
 * @throws EJS1033, EJS1037
 */
export async function findActor(
  folder: string,
  client: pg.Client,
  system: System,
  { as, tenant }: { readonly as: string; readonly tenant?: string },
): Promise<{ readonly actor: string | null; readonly tenant: string | null }> {
  const actor = as === ANONYMOUS ? null : await findPerson(folder, client, system, as);
  const named = tenant === undefined ? undefined : await findTenant(client, system, tenant);
  return {
    actor,
    tenant: named ?? (actor === null ? null : ((await onlyTenantOf(client, system, actor, as)) ?? null)),
  };
}
