/** What a change of each part of a system means. Entities are compared in `compare-entities.ts`. */
import type { Claim, System } from "../model/index.ts";
import { addEntity, compareEntities, removeEntity } from "./compare-entities.ts";
import {
  type Comparison,
  compareFields,
  compareLists,
  type FieldRule,
  type ListRule,
  type Rules,
  same,
  type Verb,
} from "./model-change.ts";

type SystemRules = Rules<System>;

/** Only recorded: server and worker read it from the build, the schema does not hold it. */
const recorded =
  (subject: string): FieldRule<unknown> =>
  (_before, _after, at) =>
    at.change("~", "", subject);

const fixed =
  (what: string): FieldRule<unknown> =>
  (_before, _after, at) =>
    at.refuse("EJS3013", "", `${what} changed. Every table depends on it: an existing database cannot follow.`);

/** Policies and functions are compiled anew from it; what they become is compared as statements. */
const named = <T extends { readonly name: string }>(kind: string, path: string): ListRule<T> => {
  const tell =
    (verb: Verb) =>
    ({ name }: T, at: Comparison): void =>
      at.change(verb, `${path}.${name}`, `${kind} ${name}`);
  return {
    key: ({ name }) => name,
    added: tell("+"),
    removed: tell("-"),
    changed: (_before, item, at) => tell("~")(item, at),
  };
};

/** Policies hang on its function, and a function that returns something else is another one. */
const claimRule: ListRule<Claim> = {
  ...named("claim", "actor.claims"),
  changed: (old, claim, at) => {
    const path = `actor.claims.${claim.name}`;
    if (same(old.type, claim.type)) at.change("~", path, `claim ${claim.name}`);
    else {
      at.refuse(
        "EJS3016",
        path,
        `The claim "${claim.name}" changed its type from ${old.type.sqlType} to ${claim.type.sqlType}. The policies that ask for it hang on its function.`,
        "Give the claim with the other type another name.",
      );
    }
  },
};

const rules: SystemRules = {
  format: fixed("The format of the model"),
  schema: fixed("The schema"),
  tenancy: fixed("The tenancy"),
  actor: (before, after, at) => {
    if (before?.entity !== after?.entity) fixed("The actor's entity")(before, after, at);
    else compareLists(before?.claims ?? [], after?.claims ?? [], claimRule, at);
  },
  roles: (before, after, at) =>
    compareLists(
      before,
      after,
      {
        key: (role) => role.name,
        added: (role) => at.change("+", `roles.${role.name}`, `role ${role.name}`),
        removed: (role) =>
          at.refuse(
            "EJS3015",
            `roles.${role.name}`,
            `The role "${role.name}" is gone from the model. Memberships may still hold it.`,
            "Keep the role until no membership holds it.",
          ),
        changed: (old, role) => {
          if (old.of !== role.of) {
            at.refuse("EJS3015", `roles.${role.name}`, `The role "${role.name}" changed from ${old.of} to ${role.of}.`);
          } else {
            at.change("~", `roles.${role.name}`, `role ${role.name}`);
          }
        },
      },
      at,
    ),
  permissions: (before, after, at) => compareLists(before, after, named("permission", "permissions"), at),
  flags: (before, after, at) => compareLists(before, after, named("flag", "flags"), at),
  principals: recorded("principals"),
  entities: (before, after, at) =>
    compareLists(
      before,
      after,
      { key: (entity) => entity.name, added: addEntity, removed: removeEntity, changed: compareEntities },
      at,
    ),
  workflows: (before, after, at) => compareRecorded(before, after, "workflow", at),
  queries: (before, after, at) => compareRecorded(before ?? [], after ?? [], "query", at),
  queues: (before, after, at) => compareRecorded(before ?? [], after ?? [], "queue", at),
  consents: recorded("consents"),
  webhooks: recorded("webhooks"),
  tasks: (before, after, at) => compareRecorded(before, after, "task", at),
  plugins: (before, after, at) => compareRecorded(before ?? [], after ?? [], "plugin", at),
};

/** Workflows and tasks are kept with the build; runs that are under way keep the definition they began with. */
function compareRecorded<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
  kind: string,
  at: Comparison,
): void {
  const path = (item: T): string => `${kind}s.${item.name}`;
  compareLists(
    before,
    after,
    {
      key: (item) => item.name,
      added: (item) => at.change("+", path(item), `${kind} ${item.name}`),
      removed: (item) => at.change("-", path(item), `${kind} ${item.name}`),
      changed: (_old, item) => at.change("~", path(item), `${kind} ${item.name}`),
    },
    at,
  );
}

/** Reports every difference between two systems: as a change that a build makes, or as one that it refuses. */
export function compareSystems(before: System, after: System, at: Comparison): void {
  compareFields(before, after, rules, at);
}
