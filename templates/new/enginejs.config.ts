import { defineConfig, env } from "enginejs";

export default defineConfig({
  schema: "app",
  // Every entity belongs to a tenant unless it says `tenant: false`. Users are global, memberships say who works where.
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: { entity: "User" },
  roles: {
    member: {},
    editor: { extends: ["member"] },
  },
  // `development` counts in `enginejs dev` only.
  jwt: { secret: env("JWT_SECRET", { development: "a-secret-for-development-only-000" }) },
});
