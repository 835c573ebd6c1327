/**
 * The IR: what a system *is*, as plain JSON. Everything downstream (SQL, GraphQL,
 * workflows, later REST, client, UI, studio) reads this and nothing else. It is
 * explicit: what was inferred is written out, with the reason.
 */
import { z } from "zod";
import { entity } from "./entity.ts";
import { entityName, fieldName, slugName, sqlName } from "./names.ts";
import { task, workflow } from "./workflow.ts";

export const tenancy = z.strictObject({
  /** The tenant itself: its own policy is `id = claim`. */
  entity: entityName,
  /** Who belongs to which tenant, with which roles: read live for every request. */
  membership: z.strictObject({
    entity: entityName,
    user: fieldName,
    tenant: fieldName,
    roles: fieldName,
  }),
});

export const role = z.strictObject({
  name: slugName,
  /** Roles whose rights this one has as well, all of them, not only the direct ones. */
  includes: z.array(slugName),
  /** "tenant": given by a membership; "system": given by the platform's own token. */
  of: z.enum(["tenant", "system"]),
});

/** Who can act: events carry one of these. */
export const principal = z.enum(["anonymous", "user", "service", "key", "system", "on-behalf"]);

export const system = z.strictObject({
  format: z.literal("enginejs/1"),
  /** PostgreSQL schema of the application's objects. */
  schema: sqlName,
  tenancy: tenancy.optional(),
  /** The entity whose id is a token's subject. */
  actor: z.strictObject({ entity: entityName }).optional(),
  roles: z.array(role),
  principals: z.array(principal),
  /** By name. */
  entities: z.array(entity),
  workflows: z.array(workflow),
  tasks: z.array(task),
});
export type System = z.infer<typeof system>;
