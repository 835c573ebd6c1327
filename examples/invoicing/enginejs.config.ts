import { defineConfig, env } from "enginejs";

export default defineConfig({
  schema: "app",
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: { entity: "User" },
  roles: {
    member: {},
    billing: { extends: ["member"], can: { Customer: "*", Invoice: "*", Receipt: ["create"] } },
    operator: { of: "system" },
  },
  // What companies may have posted to systems of their own.
  webhooks: { events: ["Refund.created", "Refund.settle", "Refund.refuse"], manage: ["billing"] },
  jwt: { secret: env("JWT_SECRET", { development: "a-secret-for-development-only-000" }) },
});
