import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** What depends most on who builds: once more with everything built by a plain owner. `npm run test:owner` does so with all tests. */
const builtByAnOwner = [
  "attacks/*",
  "authorization/{oracle,policy-test}",
  "database/{act-as,administration-log,begin-request,build-database,drift,migrate,roles,service-rights}",
  "docs/policies",
  "doctor/examine-database",
  "dsl/authorization-in-postgres",
  "dsl-to-sql/{actions,affordances,apply,deny-and-check,explain,field-rules,field-rules-plan,pieces,policies,policy-plan,reach}",
  "server/{affordances,api-keys,connections,denials,field-rules,visibility}",
  "tasks/{approvals,datetime,emit,field-steps,graph,impersonate,maintenance,queues,signal-trigger,wait-functions}",
].map((files) => `test/${files}.test.ts`);

/** Those that take more than a minute begin first: the last of them would run alone. */
const longest =
  /\/(cli\/(tarball|sql-build|dev)|readme\/readme|dsl-to-sql\/plan|tasks\/(adversaries|storm|failpoints|silence)|authorization\/mutation)\.test\.ts$/;
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
const isLong = ({ moduleId }: TestSpecification) => longest.test(moduleId);

const every = ["test/**/*.test.ts"];
/** Whoever builds, test/support/builder.ts says what he is. */
const superuser = { extends: true, test: { name: "superuser", include: every } } as const;
const plainOwner = (include: string[]) => ({
  extends: true as const,
  test: { name: "plain owner", include, env: { ENGINEJS_TEST_BUILDER: "owner" } },
});

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
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    sequence: { sequencer: LongestFirst },
    // Test files wait for PostgreSQL more than they compute: on two cores, too, three at a time.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Far above what any test needs: on a loaded machine slowness is no failure.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // vitest's own is a second.
    expect: { poll: { timeout: 60_000 } },
    teardownTimeout: 60_000,
    projects:
      process.env.ENGINEJS_TEST_BUILDER === "owner" ? [plainOwner(every)] : [superuser, plainOwner(builtByAnOwner)],
  },
});
