/** `enginejs token --as PERSON`: prints a token to call GraphQL with. */
import { loadConfig } from "../../project/load-project.ts";
import { loadSeed } from "../../project/load-seed.ts";
import { projectError } from "../../project/project-error.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { tokenSettings } from "../../project/token-settings.ts";
import { exitCode } from "../exit-code.ts";
import { findPerson, type TokenSubject } from "../find-person.ts";
import { openDatabase } from "../open-database.ts";
import { readBuild } from "../read-build.ts";
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
  const subject = await findSubject(folder, options);
  const signed = await signPersonToken(subject, settings, options.expires);
  terminal.print(signed);
  terminal.printJson({ ok: true, token: signed, ...subject });
  return exitCode.ok;
}

async function findSubject(folder: string, options: TokenOptions): Promise<TokenSubject> {
  const people = (await loadSeed(folder))?.people ?? [];
  const person = people.find(({ label }) => label === options.as);
  if (person !== undefined) return { user: person.user, tenant: options.tenant ?? person.tenant };
  const database = await openDatabase(folder, options.database);
  try {
    const labels = people.map(({ label }) => label);
    return await findPerson(database.url, await readBuild(database.url), options.as, options.tenant, labels);
  } finally {
    await database.close();
  }
}
