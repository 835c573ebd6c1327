import type pg from "pg";

/** What an administrator did. */
export interface AdministrationEntry {
  /** Builds, migrations, keys, grants, flags and accounts are recorded by the database itself; acting as somebody else is said by whoever does it. */
  readonly kind: "impersonation";
  /** As whom, and in which tenant. */
  readonly actor?: string | null | undefined;
  readonly tenant?: string | null | undefined;
  /** `{ command: "explain", … }`; never a secret. */
  readonly detail: { readonly command: string } & Readonly<Record<string, unknown>>;
}

/**
 * Adds a line to `enginejs.administration_log`, in the client's transaction where it is inside of one. Call it before the client
 * becomes the actor: only whoever builds may write there. What is rolled back leaves no line: a dry run records itself in a
 * transaction of its own, before it begins.
 *
 * @example await recordAdministration(client, { kind: "impersonation", actor: user, tenant, detail: { command: "explain" } })
 */
export async function recordAdministration(
  client: Pick<pg.ClientBase, "query">,
  entry: AdministrationEntry,
): Promise<void> {
  const { kind, actor = null, tenant = null, detail } = entry;
  await client.query("select enginejs.record_administration($1, $2, $3, $4)", [
    kind,
    actor,
    tenant,
    JSON.stringify(detail),
  ]);
}
