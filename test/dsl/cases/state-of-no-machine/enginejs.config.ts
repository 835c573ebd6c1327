import { defineConfig } from "enginejs";

export default defineConfig({});
