/** The commands of administrators: keys, temporary roles, flags, and the record of what was done. */
import { type Command, InvalidArgumentError, type Option } from "commander";
import type { Terminal } from "./terminal.ts";

type Runner<O> = (options: O, terminal: Terminal) => Promise<number>;

/** Adds a command below another one; `isDefault`: it is meant where the other one is called by itself. */
export type AddCommand = <O extends { json?: boolean }>(
  parent: Command,
  name: string,
  description: string,
  help: string,
  load: () => Promise<Runner<O>>,
  options?: { readonly isDefault?: boolean },
) => Command;

/** Options that many commands share, made anew for each. */
interface SharedOptions {
  readonly project: () => Option;
  readonly database: () => Option;
  readonly json: () => Option;
}

export function addAdministrationCommands(program: Command, add: AddCommand, shared: SharedOptions): void {
  const common = (command: Command): Command =>
    command.addOption(shared.project()).addOption(shared.database()).addOption(shared.json());
  const tenant = "--tenant <tenant>";
  const ofTenant = "the tenant's id or name; needed where the model has tenants";

  const key = program.command("key").description("API keys and the service accounts that act by them");
  common(
    add(
      key,
      "create",
      "make an API key and print it, this once",
      keyHelp,
      async () => (await import("./commands/key.ts")).keyCreate,
    )
      .requiredOption("--name <name>", "what the key is called, and its service account")
      .option(tenant, ofTenant)
      .option("--role <role...>", "the service account's roles")
      .option("--user <person>", "make it a person's own key: a user's id, e-mail address, or label of the seed")
      .option("--expires <time>", "how long it counts: 90d, or until 2030-01-31; for ever unless given"),
  );
  common(
    add(key, "list", "show the keys that count", "", async () => (await import("./commands/key.ts")).keyList)
      .option(tenant, "only those of this tenant")
      .option("--all", "also those that count no more"),
  );
  common(
    add(
      key,
      "revoke",
      "make a key worthless, at once",
      "",
      async () => (await import("./commands/key.ts")).keyRevoke,
    ).argument("<key>", "the key's prefix, as `key list` shows it"),
  );
  common(
    add(
      key,
      "account",
      "change a service account, and with it its keys, at once",
      "",
      async () => (await import("./commands/key.ts")).keyAccount,
    )
      .argument("<name>", "the service account")
      .option(tenant, ofTenant)
      .option("--role <role...>", "the roles that it has from now on, in place of those it had")
      .option("--disable", "its keys count for nothing until it is enabled")
      .option("--enable", "the keys that are neither revoked nor expired count again"),
  );

  const grant = program
    .command("grant")
    .description("roles that somebody has for a while")
    .addHelpText("after", grantHelp);
  common(
    add(
      grant,
      "create",
      "grant a role (`enginejs grant --to …` means this one)",
      grantHelp,
      async () => (await import("./commands/grant.ts")).grantCreate,
      { isDefault: true },
    )
      .requiredOption("--to <person>", "a user's id, e-mail address, or label of the seed")
      .requiredOption("--role <role>", "one of the model's roles")
      .option(tenant, ofTenant)
      .requiredOption("--until <time>", "when it ends: 15m, 4h, 7d, or 2030-01-31T12:00:00Z")
      .requiredOption("--reason <text>", "what it is for; kept with it"),
  );
  common(
    add(
      grant,
      "list",
      "show the grants that are in force",
      "",
      async () => (await import("./commands/grant.ts")).grantList,
    )
      .option(tenant, "only those of this tenant")
      .option("--all", "also those that are over"),
  );
  common(
    add(
      grant,
      "revoke",
      "end a grant, at once",
      "",
      async () => (await import("./commands/grant.ts")).grantRevoke,
    ).argument("<id>", "the grant's id, as `grant list` shows it"),
  );

  const flag = program.command("flag").description("what the model's flags are turned to");
  common(
    add(
      flag,
      "list",
      "show the flags and what they are",
      "",
      async () => (await import("./commands/flag.ts")).flagList,
    ).option(tenant, "only what counts for this tenant"),
  );
  common(
    add(flag, "set", "turn a flag on or off", flagHelp, async () => (await import("./commands/flag.ts")).flagSet)
      .argument("<name>", "the flag")
      .argument("<value>", "on or off")
      .option(tenant, "for this tenant alone; for everybody unless given"),
  );
  common(
    add(
      flag,
      "unset",
      "let the wider setting, or the model's default, count again",
      "",
      async () => (await import("./commands/flag.ts")).flagUnset,
    )
      .argument("<name>", "the flag")
      .option(tenant, "that of this tenant; everybody's unless given"),
  );

  common(
    add(
      program,
      "audit",
      "show what administrators did",
      auditHelp,
      async () => (await import("./commands/audit.ts")).audit,
    )
      .option("--since <time>", "not older than this: 15m, 7d, or since 2030-01-31")
      .option(
        "--kind <kind>",
        "build, migration, key, grant, flag, service_account, impersonation; key.create and so on",
      )
      .option("--limit <number>", "how many at most", entries, 100),
  );
}

function entries(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It is a number from 1 to 999999.");
  return Number(text);
}

const keyHelp = `
A key acts as a service account of its own with the roles that are given, or with --user as that person. The database keeps
its SHA-256 alone. Programs send it as "authorization: Bearer ejk_…" or "x-api-key: ejk_…".

Examples:
  enginejs key create --name nightly-export --tenant acme --role member --expires 90d
  enginejs key create --name laptop --tenant acme --user ada@acme.example --expires 30d`;

const grantHelp = `
A grant counts from the next request on, and ends by itself, by the database's clock.

Examples:
  enginejs grant --to ada@acme.example --role billing --tenant acme --until 4h --reason "covers for Bo"
  enginejs grant list --tenant acme
  enginejs grant revoke 0190…`;

const flagHelp = `
Examples:
  enginejs flag set betaBilling on                 for everybody
  enginejs flag set betaBilling off --tenant acme  but not for acme`;

const auditHelp = `
Examples:
  enginejs audit --since 7d
  enginejs audit --kind key --json`;
