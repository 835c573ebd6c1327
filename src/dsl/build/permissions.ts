/** What can be permitted, and which roles carry it: every command and action of every entity, and the config's own permissions. */
import { suggestion } from "../../errors/suggestion.ts";
import { COMMANDS, permissionName, type System } from "../../model/index.ts";
import type { ActionDeclaration } from "../action.ts";
import type { ConfigDeclaration } from "../config.ts";
import { declarationOf } from "../declared.ts";
import type { BuildContext, EntityDraft } from "./build-context.ts";
import { isCleanText, isPlainObject } from "./options.ts";
import { order, shown } from "./report.ts";
import { reservedMember } from "./reserved-names.ts";

/** The short name of all commands that change something. */
export const WRITE: readonly string[] = ["create", "update", "delete"];

/** The commands and the actions of an entity, as its declaration names them. */
export function operationNames({ declaration }: EntityDraft): readonly string[] {
  const { actions } = declaration.options;
  const declared = Object.entries(isPlainObject(actions) ? actions : {});
  const names = declared.filter(([, value]) => declarationOf<ActionDeclaration>(value, "action") !== undefined);
  return [...new Set<string>([...COMMANDS, ...names.map(([name]) => name)])];
}

/** Every permission that there is: what an expression may name. */
export function knownPermissions({ drafts, system }: BuildContext): readonly string[] {
  const own = system.permissions.map(({ name }) => name);
  const ofEntities = [...drafts.values()].flatMap((draft) =>
    operationNames(draft).map((name) => `${draft.entity.name}.${name}`),
  );
  return [...new Set([...own, ...ofEntities])].sort(order);
}

/** Fills the catalogue and the roles' permissions, those of the roles that a role includes among them. */
export function resolvePermissions(declaration: ConfigDeclaration | undefined, context: BuildContext): void {
  const config = isPlainObject(declaration?.config) ? declaration.config : {};
  const { system } = context;
  const declared = declaredPermissions(config.permissions, declaration, context);
  system.permissions.push(...declared);
  const roles = isPlainObject(config.roles) ? config.roles : {};
  const carried = new Map<string, ReadonlySet<string>>();
  for (const { name } of system.roles) {
    const options = Object.hasOwn(roles, name) ? roles[name] : undefined;
    carried.set(name, isPlainObject(options) ? ownPermissions(name, options, declaration, context) : new Set());
  }
  for (const role of system.roles) {
    const all = [role.name, ...role.includes].flatMap((name) => [...(carried.get(name) ?? [])]);
    role.permissions = [...new Set(all)].sort(order);
  }
  const names = new Set(system.roles.flatMap(({ permissions }) => permissions));
  for (const { name } of declared) names.delete(name);
  system.permissions.push(...[...names].map((name) => ({ name })));
  system.permissions.sort((a, b) => order(a.name, b.name));
}

function declaredPermissions(
  given: unknown,
  declaration: ConfigDeclaration | undefined,
  context: BuildContext,
): System["permissions"] {
  const { report, drafts, brokenEntities } = context;
  const site = declaration?.site;
  return Object.entries(isPlainObject(given) ? given : {}).flatMap(([name, description]) => {
    const reserved = reservedMember(name);
    if (!permissionName.safeParse(name).success || name.length > 100 || reserved !== undefined) {
      const hint = "Letters and digits, joined by - _ or .; at most 100 characters: reports.export.";
      const why = reserved === undefined ? "" : `: ${reserved}`;
      const code = reserved === undefined ? "EJS2101" : "EJS2102";
      report.error(code, `${shown(name)} cannot be the name of a permission${why}.`, { site, word: name, hint });
      return [];
    }
    if (!isCleanText(description) || description.trim() === "") {
      const hint = 'permissions: { "reports.export": "download the yearly report" }';
      const message = `permissions.${name} needs a sentence that says what it lets one do, not ${shown(description)}.`;
      report.error("EJS2106", message, { site, word: name, hint });
      return [];
    }
    const [entity = "", operation = ""] = name.split(".");
    const draft = drafts.get(entity);
    // `Invoice.pay` is there by itself; to say what it is for is fine.
    if (draft !== undefined && !operationNames(draft).includes(name.slice(entity.length + 1))) {
      const hint = suggestion(operation, operationNames(draft), `${entity} has`);
      const message = `permissions: ${entity} has no command or action ${shown(operation)}.`;
      report.error("EJS2146", message, { site, word: name, hint });
      return [];
    }
    return brokenEntities.has(entity) ? [] : [{ name, description }];
  });
}

function ownPermissions(
  role: string,
  options: Readonly<Record<string, unknown>>,
  declaration: ConfigDeclaration | undefined,
  context: BuildContext,
): ReadonlySet<string> {
  const { system, report } = context;
  const site = declaration?.site;
  const found = new Set<string>();
  for (const [name, operations] of Object.entries(isPlainObject(options.can) ? options.can : {})) {
    for (const permission of permittedOf(role, name, operations, declaration, context)) found.add(permission);
  }
  const own = system.permissions.map(({ name }) => name);
  for (const name of Array.isArray(options.permissions) ? options.permissions : []) {
    if (own.includes(name)) found.add(name);
    else {
      const hint = suggestion(name, own, "Permissions of the config");
      const message = `roles.${role}.permissions: there is no permission ${shown(name)}.`;
      report.error("EJS2146", message, { site, word: String(name), hint });
    }
  }
  return found;
}

/** `Invoice: ["update", "pay"]`, or `"*"` for all that there is. */
function permittedOf(
  role: string,
  name: string,
  given: unknown,
  declaration: ConfigDeclaration | undefined,
  context: BuildContext,
): readonly string[] {
  const { report, drafts, brokenEntities } = context;
  const site = declaration?.site;
  const entity = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const draft = drafts.get(entity);
  if (draft === undefined) {
    if (brokenEntities.has(entity)) return [];
    const hint = suggestion(name, context.entityNames(), "Entities");
    report.error("EJS2110", `roles.${role}.can: there is no entity ${shown(name)}.`, { site, word: name, hint });
    return [];
  }
  const known = operationNames(draft);
  const operations = given === "*" ? known : given;
  if (!Array.isArray(operations)) {
    const hint = `${entity}: ["read", "update"], or ${entity}: "*" for all that there is.`;
    report.error("EJS2106", `roles.${role}.can.${name} must be a list, not ${shown(given)}.`, {
      site,
      word: name,
      hint,
    });
    return [];
  }
  return operations.flatMap((operation: unknown) => {
    if (operation === "write") return WRITE.map((one) => `${entity}.${one}`);
    if (typeof operation === "string" && known.includes(operation)) return [`${entity}.${operation}`];
    const hint = suggestion(operation, [...known, "write"], `${entity} has`);
    const message = `roles.${role}.can: ${entity} has no command or action ${shown(operation)}.`;
    report.error("EJS2146", message, { site, word: String(operation), hint });
    return [];
  });
}
