/** `enginejs key create|list|revoke|account`: API keys and the service accounts that act by them. */
import type pg from "pg";
import { createApiKey } from "../../database/api-key.ts";
import { coreText } from "../../database/core-sql.ts";
import { nearest } from "../../errors/nearest.ts";
import { projectError } from "../../project/project-error.ts";
import { type Administration, type AdministrationOptions, administer } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import { findTenant } from "../find-tenant.ts";
import { moment } from "../moment.ts";
import { printTable } from "../print-table.ts";
import { requireRoles } from "../require-roles.ts";
import type { Terminal } from "../terminal.ts";

interface KeyCreateOptions extends AdministrationOptions {
  readonly name: string;
  readonly tenant?: string;
  readonly role?: readonly string[];
  readonly user?: string;
  readonly expires?: string;
}

/** Prints the key once; the database holds only its hash. */
export async function keyCreate(options: KeyCreateOptions, terminal: Terminal): Promise<number> {
  const expires = options.expires === undefined ? { interval: null, at: null } : moment(options.expires, "--expires");
  if (options.user !== undefined && options.role !== undefined) {
    throw projectError("EJS1002", "--role and --user do not go together: a person's key has the person's roles.", {
      hint: "Leave --role out, or leave --user out for a service account with these roles.",
    });
  }
  const key = createApiKey();
  const made = await administer(options, async (given) => {
    const { client, system } = given;
    const tenant = await findTenant(client, system, options.tenant);
    const user = options.user === undefined ? null : await given.person(options.user);
    const account = user === null ? await serviceAccount(given, options.name, tenant, options.role) : null;
    const { rows } = await client.query<{ id: string; expires_at: Date | null }>(coreText("queries/key_create.sql"), [
      options.name,
      key.prefix,
      key.hash,
      account,
      user,
      user === null ? null : tenant,
      expires.at,
      expires.interval,
    ]);
    return { id: rows[0]?.id, expiresAt: rows[0]?.expires_at ?? null, tenant, actor: account ?? user };
  });
  terminal.print(key.text);
  terminal.printJson({ ok: true, key: key.text, prefix: key.prefix, name: options.name, ...made });
  if (!terminal.json) {
    const until = made.expiresAt === null ? "It never expires." : `It counts until ${made.expiresAt.toISOString()}.`;
    terminal.note(`This is the only time that the key is shown. ${until} Revoke it: enginejs key revoke ${key.prefix}`);
  }
  return exitCode.ok;
}

/** The account of that name, made where there is none. */
async function serviceAccount(
  { client, system }: Administration,
  name: string,
  tenant: string | null,
  roles: readonly string[] | undefined,
): Promise<string> {
  requireRoles(system, roles ?? []);
  const { rows } = await client.query<{ id: string; roles: string[]; disabled_at: Date | null }>(
    "select id, roles, disabled_at from enginejs.service_accounts where name = $1 and tenant is not distinct from $2 for update",
    [name, tenant],
  );
  const [found] = rows;
  if (found === undefined) {
    const { rows: made } = await client.query<{ id: string }>(
      "insert into enginejs.service_accounts (name, tenant, roles) values ($1, $2, $3) returning id",
      [name, tenant, [...new Set(roles)]],
    );
    return made[0]?.id ?? "";
  }
  if (found.disabled_at !== null) {
    throw projectError("EJS1054", `The service account "${name}" is disabled.`, {
      hint: `Enable it first: enginejs key account ${name} --enable`,
    });
  }
  const wanted = roles === undefined ? found.roles : [...new Set(roles)];
  if (wanted.toSorted().join("\n") !== found.roles.toSorted().join("\n")) {
    throw projectError(
      "EJS1054",
      `The service account "${name}" has the roles ${found.roles.join(", ") || "of nobody"}.`,
    );
  }
  return found.id;
}

interface KeyListOptions extends AdministrationOptions {
  readonly tenant?: string;
  readonly all?: boolean;
}

interface KeyRow {
  readonly prefix: string;
  readonly name: string;
  readonly kind: string;
  readonly actor: string;
  readonly tenant: string | null;
  readonly roles: readonly string[] | null;
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
  readonly state: string;
}

export async function keyList(options: KeyListOptions, terminal: Terminal): Promise<number> {
  const keys = await administer(options, async ({ client, system }) => {
    const tenant = options.tenant === undefined ? null : await findTenant(client, system, options.tenant);
    return (await client.query<KeyRow>(coreText("queries/key_list.sql"), [tenant, options.all ?? false])).rows;
  });
  terminal.printJson({ ok: true, keys });
  printTable(
    terminal,
    ["key", "name", "acts as", "tenant", "roles", "expires", "last used", "state"],
    keys.map((key) => [
      `ejk_${key.prefix}_…`,
      key.name,
      `${key.kind === "service" ? "service" : "person"} ${key.actor}`,
      key.tenant,
      key.roles === null ? "the person's" : key.roles.join(", "),
      key.expires_at?.toISOString() ?? "never",
      key.last_used_at?.toISOString() ?? "never",
      key.state,
    ]),
  );
  return exitCode.ok;
}

interface KeyRevokeOptions extends AdministrationOptions {
  /** The prefix. */
  readonly key: string;
}

export async function keyRevoke(options: KeyRevokeOptions, terminal: Terminal): Promise<number> {
  // A whole key is taken as well, and never repeated.
  const prefix = /^ejk_([0-9a-f]{12})(_|$)/.exec(options.key)?.[1] ?? options.key.slice(0, 64);
  const revoked = await administer(options, async ({ client }) => {
    const { rowCount } = await client.query(
      "update enginejs.api_keys set revoked_at = clock_timestamp() where prefix = $1 and revoked_at is null",
      [prefix],
    );
    if (rowCount) return true;
    const { rows } = await client.query<{ prefix: string }>("select prefix from enginejs.api_keys");
    const prefixes = rows.map((row) => row.prefix);
    if (prefixes.includes(prefix)) return false;
    const near = nearest(prefix, prefixes);
    throw projectError("EJS1053", `No key has the prefix "${prefix}".`, {
      ...(near !== undefined && { hint: `Did you mean "${near}"?` }),
    });
  });
  terminal.print(revoked ? `Revoked ${prefix}: it counts for nothing from now on.` : `${prefix} was revoked already.`);
  terminal.printJson({ ok: true, prefix, revoked });
  return exitCode.ok;
}

interface KeyAccountOptions extends AdministrationOptions {
  readonly name: string;
  readonly tenant?: string;
  readonly role?: readonly string[];
  readonly disable?: boolean;
  readonly enable?: boolean;
}

/** Changes a service account, and with it all its keys, at once. */
export async function keyAccount(options: KeyAccountOptions, terminal: Terminal): Promise<number> {
  const { name, role, disable, enable } = options;
  if (disable && enable) throw projectError("EJS1002", "--enable and --disable do not go together.");
  if (!disable && !enable && role === undefined) {
    throw projectError("EJS1002", "Say what to change.", { hint: "--role R…, --disable or --enable." });
  }
  await administer(options, async ({ client, system }) => {
    requireRoles(system, role ?? []);
    const tenant = await findTenant(client, system, options.tenant);
    const { rowCount } = await client.query(
      `update enginejs.service_accounts set roles = coalesce($3, roles),
         disabled_at = case when $4 then coalesce(disabled_at, clock_timestamp()) when $5 then null else disabled_at end
       where name = $1 and tenant is not distinct from $2`,
      [name, tenant, role === undefined ? null : [...new Set(role)], disable ?? false, enable ?? false],
    );
    if (!rowCount) throw await noAccount(client, name, tenant);
  });
  terminal.print(`Changed ${name}: it counts from the next request on.`);
  terminal.printJson({ ok: true, name });
  return exitCode.ok;
}

async function noAccount(client: pg.Client, name: string, tenant: string | null): Promise<Error> {
  const { rows } = await client.query<{ name: string }>(
    "select name from enginejs.service_accounts where tenant is not distinct from $1 order by name",
    [tenant],
  );
  const near = nearest(
    name,
    rows.map((row) => row.name),
  );
  return projectError("EJS1053", `No service account is called "${name}" there.`, {
    ...(near !== undefined && { hint: `Did you mean "${near}"?` }),
  });
}
