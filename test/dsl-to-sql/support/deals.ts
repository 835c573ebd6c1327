/** Deals that may be touched by more people than may leave them behind, with a margin that lies in a table of its own. */
import type pg from "pg";
import { applySystem } from "../../support/apply-system.ts";
import { people } from "./invoicing-database.ts";
import { personnelEntities } from "./personnel.ts";
import { buildSystem, type EntityOptions, one, scalar, text } from "./system-builder.ts";

const { Tenant, User, Membership } = personnelEntities as Readonly<
  Record<"Tenant" | "User" | "Membership", EntityOptions>
>;

const SYSTEM = buildSystem({
  tenancy: true,
  entities: {
    Tenant,
    User,
    Membership,
    Deal: {
      fields: {
        name: { type: text(80), required: true },
        seller: { type: one("User"), required: true },
        price: { type: scalar("integer"), required: true },
        margin: {
          type: scalar("integer"),
          access: { read: { name: "members of the tenant", expression: "row.tenant.id == actor.tenantId" } },
        },
      },
      policies: [
        [["read"], "members of the tenant", "row.tenant.id == actor.tenantId"],
        [["create"], "members, for anybody", '"member" in actor.roles'],
        {
          name: "small deals, to take over",
          commands: ["update"],
          expression: "row.price < 100",
          check: "row.seller.id == actor.id",
        },
        {
          name: "frozen deals stay",
          effect: "deny",
          commands: ["update"],
          expression: "row.price < 0",
          check: 'row.name == "frozen"',
        },
      ],
    },
  },
});

const deal = (n: number): string => `00000000-0000-7000-8000-00000000070${n}`;
/** Two are the owner's, one of them frozen; the third is the biller's. */
export const deals = { own: deal(1), frozen: deal(2), foreign: deal(3) };

/** @param tenant of all of them, with the owner and the biller as its members */
export async function buildDeals(client: pg.Client, tenant: string): Promise<void> {
  await applySystem(client, SYSTEM);
  await client.query(`
    set role enginejs_owner;
    insert into app.tenant (id, name) values ('${tenant}', 'Ours');
    insert into app."user" (id, name) values ('${people.owner}', 'owner'), ('${people.biller}', 'biller');
    insert into app.membership (tenant_id, user_id, roles) values
      ('${tenant}', '${people.owner}', '{member}'), ('${tenant}', '${people.biller}', '{member}');
    insert into app.deal (tenant_id, id, name, seller_id, price) values
      ('${tenant}', '${deals.own}', 'own', '${people.owner}', 10),
      ('${tenant}', '${deals.frozen}', 'frozen', '${people.owner}', 10),
      ('${tenant}', '${deals.foreign}', 'foreign', '${people.biller}', 10);
    reset role;`);
}
