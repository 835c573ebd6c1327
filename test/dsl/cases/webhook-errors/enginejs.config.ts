import { defineConfig } from "enginejs";

export default defineConfig({
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: { entity: "User" },
  roles: { member: {}, billing: { extends: ["member"] }, operator: { of: "system" } },
  webhooks: {
    events: ["Order.created", "Order.crated", "Ordr.created", "order-created", "stock-move", "Country.created", "Quiet.updated"],
    manage: ["billing", "biling" as never, "operator"],
    privateHosts: ["https://localhost", "LocalHost"],
  },
});
