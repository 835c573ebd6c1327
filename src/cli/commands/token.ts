/** `enginejs token --as PERSON`: prints a token to call GraphQL with. */
import { recordAdministration } from "../../database/record-administration.ts";
import { loadConfig } from "../../project/load-project.ts";
import { loadSeed } from "../../project/load-seed.ts";
import { projectError } from "../../project/project-error.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { tokenSettings } from "../../project/token-settings.ts";
import { administer } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import { onlyTenantOf, type TokenSubject } from "../find-person.ts";
import { findTenant } from "../find-tenant.ts";
import { signPersonToken } from "../sign-person-token.ts";
import type { Terminal } from "../terminal.ts";

export interface TokenOptions {
  readonly as: string;
  readonly tenant?: string;
  readonly expires: string;
  readonly project?: string;
  readonly database?: string;
  readonly json?: boolean;
}

export async function token(options: TokenOptions, terminal: Terminal): Promise<number> {
  if (!/^\d+ ?(s|m|h|d|w|y)$/.test(options.expires)) {
    throw projectError("EJS1002", `--expires ${options.expires} is no time.`, { hint: "Write it as 15m, 8h or 30d." });
  }
  const folder = findProjectFolder(options.project);
  const config = await loadConfig(folder);
  // A token that is signed with the development secret is worth nothing where that secret does not count.
  const settings = tokenSettings(config, { development: true });
  if (settings === undefined || settings.secret === undefined)
    throw projectError("EJS1035", "The config has no jwt.secret.");
  const subject = await admittedSubject(folder, options);
  const signed = await signPersonToken(subject, settings, options.expires);
  terminal.print(signed);
  terminal.printJson({ ok: true, token: signed, ...subject });
  return exitCode.ok;
}

/** Whom the token is for; that it was asked for is recorded before it is signed. */
async function admittedSubject(folder: string, options: TokenOptions): Promise<TokenSubject> {
  const people = (await loadSeed(folder))?.people ?? [];
  const labelled = people.find(({ label }) => label === options.as);
  return administer(options, async ({ client, system, person }) => {
    const user = labelled?.user ?? (await person(options.as));
    const named = options.tenant === undefined ? labelled?.tenant : await findTenant(client, system, options.tenant);
    const tenant = named ?? (labelled === undefined ? await onlyTenantOf(client, system, user, options.as) : undefined);
    const detail = { command: "token", expires: options.expires };
    await recordAdministration(client, { kind: "impersonation", actor: user, tenant, detail });
    return { user, tenant };
  });
}
