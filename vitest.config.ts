import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  resolve: {
    // As users import it; their model files in the tests do too.
    alias: [
      { find: /^enginejs$/, replacement: path("src/index.ts") },
      { find: /^enginejs\/server$/, replacement: path("src/server/index.ts") },
      { find: /^enginejs\/tasks$/, replacement: path("src/tasks/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    // Far above what any test needs: on a loaded machine slowness is no failure.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
});
