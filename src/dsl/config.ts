/**
 * The project's configuration: tenancy, roles, who a token's subject is, how tokens are verified.
 */
import { collect } from "./collection.ts";
import type { EntityName } from "./registry.ts";
import { captureSite, type Site } from "./site.ts";

/** A value that the environment gives when a command runs; never part of the model. */
export interface EnvironmentValue {
  readonly kind: "env";
  readonly name: string;
  /** What stands in for it during development; elsewhere the variable must be set. */
  readonly development?: string;
}

/**
 * Refers to an environment variable.
 *
 * @example jwt: { secret: env("JWT_SECRET", { development: "only-for-development" }) }
 */
export const env = (name: string, options: { readonly development?: string } = {}): EnvironmentValue => ({
  kind: "env",
  name,
  ...(options.development === undefined ? {} : { development: options.development }),
});

type Setting = string | EnvironmentValue;

interface TokenChecks {
  readonly issuer?: string;
  readonly audience?: string;
}

/** The project's configuration, as `enginejs.config.ts` exports it. */
export interface Config<R extends string = string> {
  /** PostgreSQL schema of the application's objects; `app` where it is left out. */
  readonly schema?: string;
  /** Every entity is tenant-owned unless it says `tenant: false`. */
  readonly tenancy?: {
    readonly entity: EntityName;
    /** Has one reference to the tenant, one to the actor's entity, and one field of type `roles()`. */
    readonly membership: EntityName;
  };
  /** The entity whose id is a token's subject. */
  readonly actor?: { readonly entity: EntityName };
  readonly roles?: Readonly<
    Record<
      R,
      {
        /** Roles whose rights this one has as well. */
        readonly extends?: readonly NoInfer<R>[];
        /** "tenant" (the default): given by a membership; "system": given by the platform's own token. */
        readonly of?: "tenant" | "system";
      }
    >
  >;
  /** How tokens are verified: a shared secret (HS256), or the URL of a key set. */
  readonly jwt?:
    | ({ readonly secret: Setting; readonly jwks?: never } & TokenChecks)
    | ({ readonly jwks: Setting; readonly secret?: never } & TokenChecks);
  readonly server?: {
    readonly port?: number;
    /** Origins that browsers may call from; none unless said. */
    readonly cors?: readonly string[];
  };
}

export interface ConfigDeclaration {
  readonly kind: "config";
  readonly site: Site | undefined;
  /** As the user gave it; the loader has checked its form, the compiler checks its names. */
  readonly config: unknown;
}

/**
 * Defines the project's configuration; exported as default from `enginejs.config.ts`.
 *
 * @example
 * export default defineConfig({
 *   tenancy: { entity: "Tenant", membership: "Membership" },
 *   actor: { entity: "User" },
 *   roles: { member: {}, billing: { extends: ["member"] } },
 *   jwt: { secret: env("JWT_SECRET") },
 * });
 */
export function defineConfig<const R extends string = never>(config: Config<R>): Config<R> {
  collect("configs", { kind: "config", site: captureSite(), config });
  return config;
}
