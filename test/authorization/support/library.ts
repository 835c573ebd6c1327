/** A domain whose rules take every form that the compiler has: plain, gathered, asked per row; allowing, denying, checking. */
import { type System, system as systemSchema } from "../../../src/model/index.ts";
import { buildSystem, many, one, scalar, state, text } from "../../dsl-to-sql/support/system-builder.ts";

export function library(): System {
  const built = buildSystem({
    tenancy: true,
    entities: {
      Tenant: {
        tenant: false,
        fields: { name: { type: text(20), required: true }, memberships: { type: many("Membership", "tenant") } },
        policies: [[["read"], "one's own", "row.id == actor.tenantId || actor.id != null"]],
      },
      User: {
        tenant: false,
        fields: { name: { type: text(20), required: true }, memberships: { type: many("Membership", "user") } },
        policies: [
          [["read"], "colleagues", "row.id == actor.id || row.memberships.exists(m, m.tenant.id == actor.tenantId)"],
          [["update"], "oneself", "row.id == actor.id"],
        ],
      },
      Membership: {
        fields: {
          user: { type: one("User"), required: true, unique: true },
          roles: { type: scalar("roles"), required: true },
        },
        policies: [
          [["read"], "everyone", "true"],
          [["create"], "everyone", "true"],
          [["update", "delete"], "billing", '"billing" in actor.roles'],
        ],
      },
      Shelf: {
        fields: {
          keeper: { type: one("User") },
          open: { type: scalar("boolean") },
          books: { type: many("Book", "shelf") },
        },
        policies: [
          [["read"], "everyone", "true"],
          [["create", "update", "delete"], "its keeper", 'row.keeper.id == actor.id && "member" in actor.roles'],
        ],
      },
      Book: {
        fields: {
          shelf: { type: one("Shelf") },
          owner: { type: one("User") },
          title: { type: text(20) },
          price: { type: scalar("integer") },
          status: { type: state(["in", "out", "lost"], "in") },
        },
        actions: {
          lend: {
            transition: { field: "status", from: ["in"], to: "out" },
            guards: [{ expression: "row.shelf.open", message: "the shelf is closed" }],
          },
          lose: {
            transition: { field: "status", from: ["in", "out"], to: "lost" },
            allow: { name: "keepers", expression: "row.owner.id == actor.id || row.shelf.keeper.id == actor.id" },
          },
        },
      },
    },
  });
  const entities = built.entities.map((entity) =>
    entity.name !== "Book"
      ? entity
      : {
          ...entity,
          policies: [
            rule(
              "allow",
              ["read"],
              "open shelves",
              'row.shelf.open && row.status == "in" || row.owner.id == actor.id && row.status != "lost"',
            ),
            rule("allow", ["read"], "keepers", "row.shelf.keeper.id == actor.id"),
            rule("deny", ["read"], "lost ones", 'row.status == "lost" && row.price > 1'),
            rule("deny", ["read"], "titled B", 'row.title == "B"'),
            rule(
              "allow",
              ["create"],
              "keepers put books in",
              "row.shelf.keeper.id == actor.id || actor.id == row.owner.id",
            ),
            rule("deny", ["create"], "nothing dear", "row.price > 2"),
            rule(
              "allow",
              ["update"],
              "owners",
              'row.owner.id == actor.id || "billing" in actor.roles',
              "row.price > 0 || row.owner == null",
            ),
            rule("deny", ["update"], "what costs nothing", "row.price == 0", "row.price == 2"),
            rule("allow", ["delete"], "owners of what is here", 'row.owner.id == actor.id && row.status == "in"'),
            rule("deny", ["delete"], "titled a", 'row.title == "a"'),
          ],
        },
  );
  return systemSchema.parse({ ...built, entities });
}

const rule = (
  effect: "allow" | "deny",
  commands: readonly string[],
  name: string,
  expression: string,
  check?: string,
) => ({ effect, commands, name, expression, actions: [], ...(check === undefined ? {} : { check }) });
