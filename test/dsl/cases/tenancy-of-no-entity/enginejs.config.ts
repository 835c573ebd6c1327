import { defineConfig } from "enginejs";

export default defineConfig({
  tenancy: { entity: "Tenat", membership: "Membership" },
  actor: { entity: "User" },
});
