import { defineConfig } from "enginejs";

export default defineConfig({
  schema: "app",
  actor: { entity: "User" },
  jwt: { secret: "a secret of thirty-two characters" },
});
