import { defineConfig, env } from "enginejs";
import { acme } from "./plugins/acme.ts";

export default defineConfig({
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: {
    entity: "User",
    claims: {
      teams: ({ actor }) => actor.memberships.map((m) => m.team.id),
      level: ({ actor }) => actor.level,
    },
  },
  permissions: { "reports.export": "download the yearly report" },
  flags: { betaBilling: { describe: "the new billing", default: false } },
  roles: {
    member: { can: { Customer: "*" } },
    billing: { extends: ["member"], can: { Invoice: ["read", "write", "pay"] }, permissions: ["reports.export"] },
  },
  plugins: [acme({ token: env("ACME_TOKEN"), team: "sales" })],
  jwt: { secret: env("JWT_SECRET") },
});
