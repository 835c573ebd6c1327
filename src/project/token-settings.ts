/** What the `env()` values of a config are in this process. */
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import type { ProjectConfig } from "./config-schema.ts";
import { projectFinding } from "./project-error.ts";
import { configFileName } from "./project-folder.ts";

type Setting = NonNullable<NonNullable<ProjectConfig["jwt"]>["secret"]>;

/** How tokens are verified: by a secret or by the keys of an identity provider. */
export type TokenSettings = { readonly issuer?: string; readonly audience?: string } & (
  | { readonly secret: string; readonly jwks?: never }
  | { readonly jwks: string; readonly secret?: never }
);

/**
 * The config's `jwt` with its `env()` values looked up; undefined where the config says nothing of tokens.
 *
 * @param options.development whether the values given as `development` count
 * @throws EJS1012 for a variable that is missing
 */
export function tokenSettings(
  { jwt }: ProjectConfig,
  options: { readonly development: boolean },
): TokenSettings | undefined {
  if (jwt === undefined) return undefined;
  const missing: Diagnostic[] = [];
  const lookUp = (value: Setting, place: string): string => {
    if (typeof value === "string") return value;
    const found = process.env[value.name] || (options.development ? value.development : undefined);
    if (found !== undefined) return found;
    const message = `config.${place} comes from the environment variable ${value.name}, which is not set.`;
    const where = { file: configFileName, line: 1, column: 1 };
    missing.push(projectFinding("EJS1012", message, { hint: `Set ${value.name}.`, where }));
    return "";
  };
  const names = {
    ...(jwt.issuer !== undefined && { issuer: jwt.issuer }),
    ...(jwt.audience !== undefined && { audience: jwt.audience }),
  };
  const settings: TokenSettings =
    jwt.jwks === undefined
      ? { ...names, secret: lookUp(jwt.secret ?? "", "jwt.secret") }
      : { ...names, jwks: lookUp(jwt.jwks, "jwt.jwks") };
  if (missing.length > 0) throw new EngineError(missing);
  return settings;
}
