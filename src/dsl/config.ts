/**
 * The project's configuration: tenancy, roles, who a token's subject is, how tokens are verified.
 */
import { collect } from "./collection.ts";
import type { Plugin } from "./plugin.ts";
import type { EntityName, EventName, OperationName } from "./registry.ts";
import type { Row } from "./row-symbols.ts";
import type { Setting } from "./setting.ts";
import { captureSite, type Site } from "./site.ts";
import type { Expression, Family, List, Mapped } from "./value-symbols.ts";

interface TokenChecks {
  readonly issuer?: string;
  readonly audience?: string;
}

/** What a role may: the commands (`write` is create, update and delete) and actions of each entity, or all of them. */
type Permitted = {
  readonly [N in EntityName]?: "*" | readonly (OperationName<N> | "write")[];
};

/** What is read of the actor's row. */
type ClaimValue = Expression | Mapped<Family> | List<Family>;

/** The project's configuration, as `enginejs.config.ts` exports it. */
export interface Config<R extends string = string, P extends string = string, E extends EntityName = EntityName> {
  /** PostgreSQL schema of the application's objects; `app` where it is left out. */
  readonly schema?: string;
  /** Every entity is tenant-owned unless it says `tenant: false`. */
  readonly tenancy?: {
    readonly entity: EntityName;
    /** Has one reference to the tenant, one to the actor's entity, and one field of type `roles()`. */
    readonly membership: EntityName;
  };
  readonly actor?: {
    /** The entity whose id is a token's subject. */
    readonly entity: E;
    /**
     * What conditions know of the actor, read live, once per statement: a value or a list of values.
     *
     * @example claims: { teams: ({ actor }) => actor.memberships.map((m) => m.team.id) }
     * // row.team.id.in(actor.claims.teams)
     */
    readonly claims?: Readonly<Record<string, (symbols: { readonly actor: Row<NoInfer<E>> }) => ClaimValue>>;
  };
  /** Permissions of the project's own, each with what it lets one do: `{ "reports.export": "download the yearly report" }`. */
  readonly permissions?: Readonly<Record<P, string>>;
  /** Switches that conditions ask (`flags.betaBilling`) and that are turned in the database, for all or for one tenant. */
  readonly flags?: Readonly<
    Record<
      string,
      {
        /** What it switches, for people. */
        readonly describe?: string;
        /** What holds where nobody has turned it; false where it is left out. */
        readonly default?: boolean;
      }
    >
  >;
  readonly roles?: Readonly<
    Record<
      R,
      {
        /** Roles whose rights this one has as well. */
        readonly extends?: readonly NoInfer<R>[];
        /** "tenant" (the default): given by a membership; "system": given by the platform's own token. */
        readonly of?: "tenant" | "system";
        /** What it may, for the rules `can("Invoice", "pay")`: `{ Invoice: ["read", "update", "pay"], Customer: "*" }`. */
        readonly can?: Permitted;
        /** Which of the config's own permissions it carries. */
        readonly permissions?: readonly NoInfer<P>[];
      }
    >
  >;
  /**
   * Why something may be wider than in the last build, where no policy can say it: a deny that is gone, permissions of a
   * role, a flag's default, a field's rule, who starts a workflow. A build that widens access asks for it; each counts once.
   *
   * @example consents: { "Invoice.delete": "paid invoices may go, finance agreed 2026-11", "roles.billing": "…" }
   */
  readonly consents?: Readonly<Record<string, string>>;
  /**
   * Events that tenants may have posted to endpoints of their own, signed as Standard Webhooks say.
   *
   * @example webhooks: { events: ["Invoice.created", "Invoice.pay"], manage: ["billing"] }
   */
  readonly webhooks?: {
    /** What endpoints may choose: `Invoice.created`, `.updated`, `.deleted`, an action's name, or a queue: each message that is published in the tenant. */
    readonly events: readonly EventName[];
    /** Roles whose members manage the endpoints of their tenant. */
    readonly manage: readonly NoInfer<R>[];
    /** Hosts that may have a private address, and be asked without TLS; none unless given. */
    readonly privateHosts?: readonly string[];
  };
  /**
   * What packages, or files of one's own, add: steps of workflows, `slack/post-message`.
   *
   * @example plugins: [slack({ token: env("SLACK_TOKEN") })]
   */
  readonly plugins?: readonly Plugin[];
  /** How tokens are verified: a shared secret (HS256), or the URL of a key set. */
  readonly jwt?:
    | ({ readonly secret: Setting; readonly jwks?: never } & TokenChecks)
    | ({ readonly jwks: Setting; readonly secret?: never } & TokenChecks);
  readonly server?: {
    readonly port?: number;
    /** Origins that browsers may call from; none unless said. */
    readonly cors?: readonly string[];
    /**
     * How many proxies stand before the server, or their addresses and networks: `["10.0.0.0/8"]`. Their X-Forwarded-For
     * says who calls (`request.ip`); without this it is the other end of the connection, whatever a header says.
     */
    readonly trustProxy?: number | readonly string[];
    /** Whether a refusal names the rules by their sentences to whoever has a token; false tells only that it is refused. */
    readonly explainDenials?: boolean;
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
 *   roles: { member: {}, billing: { extends: ["member"], can: { Invoice: ["update", "pay"], Customer: "*" } } },
 *   jwt: { secret: env("JWT_SECRET") },
 * });
 */
export function defineConfig<
  const R extends string = never,
  const P extends string = never,
  const E extends EntityName = never,
>(config: Config<R, P, E>): Config<R, P, E> {
  collect("configs", { kind: "config", site: captureSite(), config });
  return config;
}
