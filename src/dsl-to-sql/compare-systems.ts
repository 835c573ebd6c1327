/** What a change of each part of a system means. Entities are compared in `compare-entities.ts`. */
import type { System } from "../model/index.ts";
import { addEntity, compareEntities, removeEntity } from "./compare-entities.ts";
import { type Comparison, compareFields, compareLists, type FieldRule, type Rules } from "./model-change.ts";

type SystemRules = Rules<System>;

/** Only recorded: server and worker read it from the build, the schema does not hold it. */
const recorded =
  (subject: string): FieldRule<unknown> =>
  (_before, _after, at) =>
    at.change("~", "", subject);

/** Policies are compiled anew from it; what they become is compared as statements. */
const policies =
  (subject: string): FieldRule<unknown> =>
  (_before, _after, at) =>
    at.change("~", "", subject);

const fixed =
  (what: string): FieldRule<unknown> =>
  (_before, _after, at) =>
    at.refuse("EJS3013", "", `${what} changed. Every table depends on it: an existing database cannot follow.`);

const rules: SystemRules = {
  format: fixed("The format of the model"),
  schema: fixed("The schema"),
  tenancy: fixed("The tenancy"),
  actor: (before, after, at) => {
    if (before?.entity !== after?.entity) fixed("The actor's entity")(before, after, at);
    else policies("claims of the actor")(before, after, at);
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
  permissions: policies("permissions"),
  flags: policies("flags"),
  principals: recorded("principals"),
  entities: (before, after, at) =>
    compareLists(
      before,
      after,
      { key: (entity) => entity.name, added: addEntity, removed: removeEntity, changed: compareEntities },
      at,
    ),
  workflows: (before, after, at) => compareRecorded(before, after, "workflow", at),
  tasks: (before, after, at) => compareRecorded(before, after, "task", at),
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
