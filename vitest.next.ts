import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** What depends on who builds: run by a plain owner as well as by a superuser. `npm run test:owner` runs all of it so. */
const builtByAnOwner = [
  "test/attacks/**",
  "test/authorization/{oracle,policy-test}.test.ts",
];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^enginejs$/, replacement: path("src/index.ts") },
      { find: /^enginejs\/server$/, replacement: path("src/server/index.ts") },
      { find: /^enginejs\/tasks$/, replacement: path("src/tasks/index.ts") },
    ],
  },
  test: {
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "superuser", include: ["test/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "plain owner",
          include: ["test/database/test-database.test.ts", "test/database/begin-request.test.ts"],
          env: { ENGINEJS_TEST_BUILDER: "owner" },
        },
      },
    ],
  },
});
