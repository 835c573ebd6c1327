import { defineConfig } from "enginejs";

export default defineConfig({
  schema: "enginejs",
  tenancy: { entity: "Tenat", membership: "Membership" },
  actor: { entity: "Person" },
  roles: { member: { extends: ["boss"] }, boss: { extends: ["member"] }, billing: { extends: ["membr"] as never } },
});
