import { defineConfig } from "enginejs";

export default defineConfig({
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: { entity: "User" },
  roles: { member: {}, billing: { extends: ["member"] } },
  webhooks: {
    events: ["Order.ship", "Order.created", "Order.deleted", "Order.created", "Tenant.updated", "stock-moves"],
    manage: ["billing"],
    privateHosts: ["localhost", "::1"],
  },
  consents: {
    "queues.stock-moves": "the warehouse sends them itself",
    "webhooks.events": "partners count along",
    "workflows.count": "a person may count, too",
  },
});
