import { defineConfig } from "enginejs";

export default defineConfig({
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: { entity: "User" },
  roles: { member: {}, billing: { extends: ["member"] } },
  webhooks: {
    events: ["Order.ship", "Order.created", "Order.deleted", "Order.created", "Tenant.updated"],
    manage: ["billing"],
    privateHosts: ["localhost", "::1"],
  },
});
