/** `enginejs flag list|set|unset`: what the model's flags are turned to. */
import { didYouMean } from "../../errors/suggestion.ts";
import type { System } from "../../model/index.ts";
import { projectError } from "../../project/project-error.ts";
import { type AdministrationOptions, administer } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import { findTenant } from "../find-tenant.ts";
import { printTable } from "../print-table.ts";
import type { Terminal } from "../terminal.ts";

interface FlagListOptions extends AdministrationOptions {
  readonly tenant?: string;
}

interface FlagRow {
  readonly name: string;
  readonly tenant: string | null;
  readonly value: boolean;
  readonly set_at: Date;
  readonly set_by: string;
}

export async function flagList(options: FlagListOptions, terminal: Terminal): Promise<number> {
  const flags = await administer(options, async ({ client, system }) => {
    const tenant = options.tenant === undefined ? null : await findTenant(client, system, options.tenant);
    const { rows } = await client.query<FlagRow>(
      `select name, tenant, value, set_at, set_by from enginejs.feature_flags
       where $1::uuid is null or tenant is null or tenant = $1 order by name, tenant nulls first`,
      [tenant],
    );
    return system.flags.map((flag) => ({ ...flag, set: rows.filter(({ name }) => name === flag.name) }));
  });
  terminal.printJson({ ok: true, flags });
  const shown = (value: boolean): string => (value ? "on" : "off");
  printTable(
    terminal,
    ["flag", "for", "is", "set by", "at"],
    flags.flatMap(({ name, default: otherwise, set }) => [
      [name, "default", shown(otherwise), null, null],
      ...set.map((row) => [name, row.tenant ?? "everybody", shown(row.value), row.set_by, row.set_at.toISOString()]),
    ]),
  );
  return exitCode.ok;
}

interface FlagSetOptions extends AdministrationOptions {
  readonly name: string;
  readonly value: string;
  readonly tenant?: string;
}

export async function flagSet(options: FlagSetOptions, terminal: Terminal): Promise<number> {
  const { name, value } = options;
  if (value !== "on" && value !== "off") {
    throw projectError("EJS1002", `"${value}" is neither on nor off.`, { hint: `enginejs flag set ${name} on` });
  }
  const tenant = await administer(options, async ({ client, system }) => {
    requireFlag(system, name);
    const found = await tenantOrEverybody(client, system, options.tenant);
    await client.query(
      `insert into enginejs.feature_flags (name, tenant, value) values ($1, $2, $3)
       on conflict (name, tenant) do update set value = excluded.value, set_at = excluded.set_at, set_by = excluded.set_by`,
      [name, found, value === "on"],
    );
    return found;
  });
  terminal.print(`${name} is ${value} for ${tenant ?? "everybody"} from the next statement on.`);
  terminal.printJson({ ok: true, name, value: value === "on", tenant });
  return exitCode.ok;
}

interface FlagUnsetOptions extends AdministrationOptions {
  readonly name: string;
  readonly tenant?: string;
}

/** Takes a setting back; also that of a flag which the model no longer has. */
export async function flagUnset(options: FlagUnsetOptions, terminal: Terminal): Promise<number> {
  const { name } = options;
  const unset = await administer(options, async ({ client, system }) => {
    const tenant = await tenantOrEverybody(client, system, options.tenant);
    const { rowCount } = await client.query(
      "delete from enginejs.feature_flags where name = $1 and tenant is not distinct from $2",
      [name, tenant],
    );
    if (!rowCount) requireFlag(system, name);
    return rowCount !== 0;
  });
  const of = options.tenant ?? "everybody";
  terminal.print(unset ? `${name} is no longer set for ${of}.` : `${name} was not set for ${of}.`);
  terminal.printJson({ ok: true, name, unset });
  return exitCode.ok;
}

const tenantOrEverybody = (
  client: Parameters<typeof findTenant>[0],
  system: System,
  name: string | undefined,
): Promise<string | null> => (name === undefined ? Promise.resolve(null) : findTenant(client, system, name));

function requireFlag({ flags }: System, name: string): void {
  const names = flags.map((flag) => flag.name);
  if (names.includes(name)) return;
  const known = names.length === 0 ? "The model declares no flags." : `Flags: ${names.join(", ")}.`;
  throw projectError("EJS1052", `No flag is called "${name}".`, {
    hint: didYouMean(name, names) + known,
  });
}
