import { defineConfig } from "enginejs";

export default defineConfig({
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: {
    entity: "User",
    claims: {
      teams: (({ actor }) => actor.memberships.map((m) => m.teem.id)) as never,
      first: (({ actor }) => actor.boss) as never,
      Bad: (({ actor }) => actor.id) as never,
      all: (({ actor }) => actor.memberships) as never,
      notes: (({ actor }) => actor.notes) as never,
    },
  },
  permissions: {
    "reports.export": "download the yearly report",
    "a b": "no name",
    "Invoice.payy": "take money",
    "reports.print": "",
  },
  flags: { betaBilling: {}, Bad: {} as never, odd: { default: "yes" as never } },
  roles: {
    member: { can: { Invioce: ["read"], Invoice: ["raed", "pay", "write"], Team: "all" as never } },
    billing: { permissions: ["reports.exprot" as never] },
  },
  consents: {
    "Invoice.raed": "a slip",
    "roles.biling": "another one",
    "claims.teams": "whose claim is wrong already",
    Team: " ",
  },
});
