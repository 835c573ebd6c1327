/** `enginejs audit`: what administrators did, newest first. */
import { coreText } from "../../database/core-sql.ts";
import { type AdministrationOptions, administer } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import { moment } from "../moment.ts";
import { printTable } from "../print-table.ts";
import type { Terminal } from "../terminal.ts";

interface AuditOptions extends AdministrationOptions {
  readonly since?: string;
  readonly kind?: string;
  readonly limit: number;
}

interface AuditRow {
  readonly id: string;
  readonly at: Date;
  readonly login: string;
  readonly kind: string;
  readonly actor: string | null;
  readonly tenant: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export async function audit(options: AuditOptions, terminal: Terminal): Promise<number> {
  const since = options.since === undefined ? { interval: null, at: null } : moment(options.since, "--since");
  const entries = await administer(options, async ({ client }) => {
    const values = [since.at, since.interval, options.kind ?? null, options.limit];
    return (await client.query<AuditRow>(coreText("queries/audit.sql"), values)).rows;
  });
  terminal.printJson({ ok: true, entries });
  printTable(
    terminal,
    ["at", "login", "kind", "actor", "tenant", "detail"],
    entries.map(({ at, login, kind, actor, tenant, detail }) => [
      at.toISOString(),
      login,
      kind,
      actor,
      tenant,
      shortened(JSON.stringify(detail)),
    ]),
  );
  return exitCode.ok;
}

const longest = 160;
const shortened = (text: string): string =>
  text.length > longest ? `${text.slice(0, longest)}… (--json shows all)` : text;
