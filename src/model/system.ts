/**
 * The IR: what a system *is*, as plain JSON. Everything downstream (SQL, GraphQL,
 * workflows, later REST, client, UI, studio) reads this and nothing else. It is
 * explicit: what was inferred is written out, with the reason.
 */
import { z } from "zod";
import { entity } from "./entity.ts";
import { entityName, fieldName, permissionName, slugName, sqlName } from "./names.ts";
import { plugin } from "./plugin.ts";
import { queue } from "./queue.ts";
import { webhooks } from "./webhooks.ts";
import { task, workflow } from "./workflow.ts";
import { query } from "./workflow-database-nodes.ts";

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
  /** What the role may, all of it: that of the roles it includes is among them. In expressions: `"Invoice.pay" in actor.permissions`. */
  permissions: z.array(permissionName),
});

/** `Invoice.pay`, `Invoice.update`, or a name of the model's own: `reports.export`. Roles carry them. */
export const permission = z.strictObject({
  name: permissionName,
  description: z.string().optional(),
});

/**
 * Something of the actor that is read live, once per statement: the teams that he is in. Over `actor`, which here is the
 * actor's row. In expressions: `row.team.id in actor.claims.teams`. In SQL: `app.claim_teams()`, a definer's function.
 */
export const claim = z.strictObject({
  name: fieldName,
  expression: z.string(),
  type: z.strictObject({
    list: z.boolean(),
    scalar: z.enum(["uuid", "string", "int", "bool", "date", "timestamp", "decimal"]),
    /** `uuid[]` */
    sqlType: z.string(),
  }),
});
export type Claim = z.infer<typeof claim>;

/** A switch that is turned in the database, for everybody or for one tenant. In expressions: `flags.betaBilling`. */
export const flag = z.strictObject({
  name: fieldName,
  description: z.string().optional(),
  /** What holds where nobody has turned it. */
  default: z.boolean(),
});

/** Who can act: events carry one of these. */
export const principal = z.enum(["anonymous", "user", "service", "key", "system", "on-behalf"]);

/**
 * Why something may be wider than in the build before, where no policy can say it: a deny that is gone, the permissions of a
 * role, a flag's default. `Invoice.delete`, `Employee.salary`, `Invoice`, `roles.billing`, `flags.drafts`, `claims.teams`,
 * `workflows.send-refund`, `queues.stock-moves`, `webhooks.events`.
 */
export const consent = z.strictObject({ subject: z.string().min(1), why: z.string().min(1) });

export const system = z.strictObject({
  format: z.literal("enginejs/1"),
  /** PostgreSQL schema of the application's objects. */
  schema: sqlName,
  tenancy: tenancy.optional(),
  /** The entity whose id is a token's subject. */
  actor: z.strictObject({ entity: entityName, claims: z.array(claim) }).optional(),
  roles: z.array(role),
  permissions: z.array(permission),
  flags: z.array(flag),
  principals: z.array(principal),
  /** By name. */
  entities: z.array(entity),
  workflows: z.array(workflow),
  tasks: z.array(task),
  /** By name; absent where there are none. Their steps are among the tasks. */
  plugins: z.array(plugin).optional(),
  /** Statements that steps name; absent where there are none. */
  queries: z.array(query).optional(),
  /** By name; absent where there are none. */
  queues: z.array(queue).optional(),
  /** Absent where none are offered. */
  webhooks: webhooks.optional(),
  /** By subject; absent where there are none. */
  consents: z.array(consent).optional(),
});
export type System = z.infer<typeof system>;
