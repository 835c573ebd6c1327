/** `enginejs grant`: roles that somebody has for a while. */
import type pg from "pg";
import { coreText } from "../../database/core-sql.ts";
import type { System } from "../../model/index.ts";
import { projectError } from "../../project/project-error.ts";
import { type AdministrationOptions, administer } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import { findTenant } from "../find-tenant.ts";
import { moment } from "../moment.ts";
import { printTable } from "../print-table.ts";
import { requireRoles } from "../require-roles.ts";
import type { Terminal } from "../terminal.ts";

interface GrantCreateOptions extends AdministrationOptions {
  readonly to: string;
  readonly role: string;
  readonly tenant?: string;
  readonly until: string;
  readonly reason: string;
}

export async function grantCreate(options: GrantCreateOptions, terminal: Terminal): Promise<number> {
  const until = moment(options.until, "--until");
  if (options.reason.trim() === "")
    throw projectError("EJS1002", "--reason is empty.", { hint: "Say what it is for." });
  const made = await administer(options, async ({ client, system, person }) => {
    requireRoles(system, [options.role], true);
    const tenant = await tenantOf(client, system, options);
    const actor = await person(options.to);
    const values = [actor, tenant, options.role, until.at, until.interval, options.reason];
    const { rows } = await client
      .query<{ id: string; valid_until: Date }>(coreText("queries/grant_create.sql"), values)
      .catch((error) => {
        if (error.constraint !== "role_grants_window_check") throw error;
        throw projectError("EJS1002", `--until ${options.until} lies in the past.`, {
          hint: "Write it as 15m, 4h or 90d.",
        });
      });
    return { id: rows[0]?.id, actor, tenant, until: rows[0]?.valid_until };
  });
  terminal.print(`Granted ${options.role} to ${options.to} until ${made.until?.toISOString()}.`);
  terminal.print(`Take it back earlier: enginejs grant revoke ${made.id}`);
  terminal.printJson({ ok: true, role: options.role, ...made });
  return exitCode.ok;
}

/** A role of the platform is granted in no tenant, and one of a tenant in that one. */
async function tenantOf(
  client: pg.Client,
  system: System,
  { role, tenant }: GrantCreateOptions,
): Promise<string | null> {
  const isPlatform = system.roles.some(({ name, of }) => name === role && of === "system");
  if (!isPlatform) return findTenant(client, system, tenant);
  if (tenant === undefined) return null;
  throw projectError("EJS1051", `The role "${role}" is the platform's: no tenant has it.`, {
    hint: "Leave --tenant out.",
  });
}

interface GrantListOptions extends AdministrationOptions {
  readonly tenant?: string;
  readonly all?: boolean;
}

interface GrantRow {
  readonly id: string;
  readonly actor: string;
  readonly tenant: string | null;
  readonly role: string;
  readonly valid_until: Date;
  readonly reason: string;
  readonly granted_by: string;
  readonly state: string;
}

export async function grantList(options: GrantListOptions, terminal: Terminal): Promise<number> {
  const grants = await administer(options, async ({ client, system }) => {
    const tenant = options.tenant === undefined ? null : await findTenant(client, system, options.tenant);
    return (await client.query<GrantRow>(coreText("queries/grant_list.sql"), [tenant, options.all ?? false])).rows;
  });
  terminal.printJson({ ok: true, grants });
  printTable(
    terminal,
    ["id", "to", "tenant", "role", "until", "reason", "granted by", "state"],
    grants.map((grant) => [
      grant.id,
      grant.actor,
      grant.tenant,
      grant.role,
      grant.valid_until.toISOString(),
      grant.reason,
      grant.granted_by,
      grant.state,
    ]),
  );
  return exitCode.ok;
}

interface GrantRevokeOptions extends AdministrationOptions {
  readonly id: string;
}

export async function grantRevoke(options: GrantRevokeOptions, terminal: Terminal): Promise<number> {
  const { id } = options;
  const revoked = await administer(options, async ({ client }) => {
    const { rows } = await client.query<{ id: string }>("select id from enginejs.role_grants where id::text = $1", [
      id.toLowerCase(),
    ]);
    if (rows[0] === undefined) throw projectError("EJS1053", `No grant has the id "${id}".`);
    const { rowCount } = await client.query(
      "update enginejs.role_grants set revoked_at = clock_timestamp() where id = $1 and revoked_at is null",
      [rows[0].id],
    );
    return rowCount !== 0;
  });
  terminal.print(revoked ? "Revoked: it counts for nothing from the next request on." : "It was revoked already.");
  terminal.printJson({ ok: true, id, revoked });
  return exitCode.ok;
}
