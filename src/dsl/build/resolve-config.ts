/** Stage 0: schema, tenancy and roles from the config. Its form was checked by the loader; here its names are. */
import { suggestion } from "../../errors/suggestion.ts";
import type { System } from "../../model/index.ts";
import type { ConfigDeclaration } from "../config.ts";
import type { Site } from "../site.ts";
import type { BuildContext } from "./build-context.ts";
import { checkMemberName, checkSlug } from "./names.ts";
import { isPlainObject, optionOf } from "./options.ts";
import { order, type Report, shown } from "./report.ts";

interface RoleOptions {
  readonly extends?: readonly string[];
  readonly of?: "tenant" | "system";
}

/** The system as far as the config says it. */
export function resolveConfig(declaration: ConfigDeclaration | undefined, report: Report): System {
  const config = isPlainObject(declaration?.config) ? declaration.config : {};
  const site = declaration?.site;
  const tenancy = config.tenancy as { entity: string; membership: string } | undefined;
  const actor = config.actor as { entity: string } | undefined;
  return {
    format: "enginejs/1",
    schema: schemaOf(config.schema, site, report),
    ...(tenancy === undefined
      ? {}
      : {
          tenancy: {
            entity: tenancy.entity,
            // The fields are found when the entities are known.
            membership: { entity: tenancy.membership, user: "", tenant: "tenant", roles: "" },
          },
        }),
    ...(actor === undefined ? {} : { actor: { entity: actor.entity, claims: [] } }),
    roles: rolesOf(config.roles, site, report),
    permissions: [],
    flags: flagsOf(config.flags, site, report),
    principals: ["anonymous", "key", "service", "system", "user"],
    entities: [],
    workflows: [],
    tasks: [],
  };
}

const RESERVED_SCHEMAS = ["enginejs", "graphile_worker", "graphile_migrate", "information_schema"];

function schemaOf(value: unknown, site: Site | undefined, report: Report): string {
  if (value === undefined) return "app";
  if (typeof value !== "string" || !/^[a-z_][a-z0-9_]{0,62}$/.test(value)) {
    const hint = "Small letters, digits and underscores, at most 63 bytes.";
    report.error("EJS2101", `${shown(value)} cannot be the name of a schema.`, { site, word: "schema", hint });
    return "app";
  }
  if (RESERVED_SCHEMAS.includes(value) || value.startsWith("pg_")) {
    const hint = 'Choose another name: schema: "app".';
    report.error("EJS2102", `The schema cannot be called "${value}": it holds something else already.`, {
      site,
      word: value,
      hint,
    });
  }
  return value;
}

function flagsOf(value: unknown, site: Site | undefined, report: Report): System["flags"] {
  return Object.entries(isPlainObject(value) ? value : {})
    .flatMap(([name, given]) => {
      if (!checkMemberName(name, "flag", { of: "flags", site }, report)) return [];
      const options = isPlainObject(given) ? given : {};
      const of = `flags.${name}`;
      const description = optionOf(options, "describe", "string", of, site, report);
      const otherwise = optionOf(options, "default", "boolean", of, site, report) ?? false;
      return [{ name, ...(description === undefined ? {} : { description }), default: otherwise }];
    })
    .sort((a, b) => order(a.name, b.name));
}

function rolesOf(value: unknown, site: Site | undefined, report: Report): System["roles"] {
  const declared = new Map<string, RoleOptions>();
  for (const [name, options] of Object.entries(isPlainObject(value) ? value : {})) {
    if (checkSlug(name, "role", site, report)) declared.set(name, (options ?? {}) as RoleOptions);
  }
  const names = [...declared.keys()].sort(order);
  for (const [name, { extends: others = [] }] of declared) {
    for (const other of others) {
      if (declared.has(other)) continue;
      const hint = suggestion(other, names, "Roles");
      report.error("EJS2112", `roles.${name} extends ${shown(other)}, which is no role.`, { site, word: other, hint });
    }
  }
  return names.map((name) => {
    const includes = included(name, declared);
    if (includes.has(name)) {
      report.error("EJS2113", `The role "${name}" extends itself.`, { site, word: name });
    }
    includes.delete(name);
    return { name, includes: [...includes].sort(order), of: declared.get(name)?.of ?? "tenant", permissions: [] };
  });
}

/** Every role whose rights `name` has by `extends`, over however many others. */
function included(name: string, roles: ReadonlyMap<string, RoleOptions>): Set<string> {
  const found = new Set<string>();
  const open = [name];
  for (let role = open.pop(); role !== undefined; role = open.pop()) {
    for (const other of roles.get(role)?.extends ?? []) {
      if (found.has(other) || !roles.has(other)) continue;
      found.add(other);
      open.push(other);
    }
  }
  return found;
}

/** When the fields are known: finds who belongs to which tenant, as what. */
export function resolveTenancy(declaration: ConfigDeclaration | undefined, context: BuildContext): void {
  const { system, report, drafts } = context;
  const site = declaration?.site;
  const known = (name: string, path: string): boolean => {
    if (drafts.has(name)) return true;
    if (context.brokenEntities.has(name)) return false;
    const hint = suggestion(name, context.entityNames(), "Entities");
    report.error("EJS2110", `config.${path}: there is no entity "${name}".`, { site, word: name, hint });
    return false;
  };
  const { tenancy, actor } = system;
  const actorKnown = actor !== undefined && known(actor.entity, "actor.entity");
  if (actorKnown && drafts.get(actor.entity)?.entity.tenant) {
    const message = `${actor.entity} is the actor's entity: it must belong to no tenant.`;
    report.error("EJS2111", message, {
      site: drafts.get(actor.entity)?.declaration.site,
      word: actor.entity,
      hint: `Add tenant: false to ${actor.entity}.`,
    });
  }
  if (tenancy === undefined) return;
  if (!known(tenancy.entity, "tenancy.entity")) {
    // What expressions would read of the tenant is not known either: nothing more is said about it.
    for (const { entity, broken } of drafts.values()) {
      if (!entity.tenant) continue;
      entity.fields = entity.fields.filter(({ name }) => name !== "tenant");
      broken.add("tenant");
    }
  }
  if (actor === undefined) {
    const hint = 'Add actor: { entity: "User" } to the config.';
    report.error("EJS2111", "A tenancy needs to know whose id a token's subject is.", { site, word: "tenancy", hint });
  }
  if (known(tenancy.membership.entity, "tenancy.membership") && actorKnown) resolveMembership(actor.entity, context);
}

function resolveMembership(actor: string, { system, report, drafts }: BuildContext): void {
  const membership = system.tenancy?.membership;
  const draft = membership && drafts.get(membership.entity);
  if (membership === undefined || draft === undefined) return;
  const { entity, declaration } = draft;
  const complain = (message: string, hint: string) =>
    report.error("EJS2111", `${entity.name}: ${message}`, { site: declaration.site, word: entity.name, hint });
  if (!entity.tenant) complain("the membership entity belongs to a tenant.", "Remove tenant: false.");
  const users = entity.fields.filter(({ type }) => type.kind === "one" && type.entity === actor);
  const lists = entity.fields.filter(({ type }) => type.kind === "scalar" && type.scalar === "roles");
  if (users.length !== 1) {
    complain(
      `the membership entity needs one reference to ${actor}, it has ${users.length}.`,
      `Declare user: ref("${actor}").required().`,
    );
  }
  if (lists.length !== 1) {
    complain(
      `the membership entity needs one field of type roles(), it has ${lists.length}.`,
      "Declare roles: roles().required().",
    );
  }
  membership.user = users[0]?.name ?? "user";
  membership.roles = lists[0]?.name ?? "roles";
}
