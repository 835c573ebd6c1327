import { defineConfig } from "enginejs";

export default defineConfig({ schema: "app", actor: { entity: "User" }, roles: { billing: {} } });
