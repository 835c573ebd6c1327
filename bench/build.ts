/**
 * How `enginejs sql build` grows with the model: 10, 100 and 1,000 entities, compiled alone and as the "nothing to do"
 * of a database that has them already. Whole commands, start-up included; the growth cases subtract it.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { enginejs, startBenchServer } from "./bench-server.ts";
import { type Bench, median } from "./measure.ts";

const root = join(import.meta.dirname, "..");

const bench: Bench = {
  async *run({ smoke, turns, progress }) {
    const sizes = smoke ? [1, 10, 20] : [1, 10, 100, 1000];
    const server = await startBenchServer();
    // Below the checkout, so that `import "enginejs"` finds this very version.
    const folder = await mkdtemp(join(root, "bench", ".projects-"));
    try {
      const compile = new Map<number, number>();
      const plan = new Map<number, number>();
      for (const size of sizes) {
        progress(`${size} entities`);
        const project = join(folder, String(size));
        await writeProject(project, size);
        const url = await server.create(`build_${size}`);
        await enginejs("sql", "build", "--project", project, "--database", url);
        const figures = { compile: [] as number[], plan: [] as number[] };
        for (let turn = 0; turn < turns; turn++) {
          figures.compile.push(await time(() => enginejs("sql", "build", "--project", project, "--dry-run")));
          figures.plan.push(
            await time(async () => {
              const output = await enginejs("sql", "build", "--project", project, "--database", url);
              if (!/nothing to do/i.test(output)) throw new Error(`expected "nothing to do", got:\n${output}`);
            }),
          );
        }
        compile.set(size, median(figures.compile));
        plan.set(size, median(figures.plan));
        yield shown(`compile ${size} entities`, median(figures.compile));
        yield shown(`nothing to do, ${size} entities`, median(figures.plan));
      }
      const [start, , small, large] = smoke ? [1, 1, 10, 20] : [1, 10, 100, 1000];
      for (const [name, times] of [
        ["", compile],
        [", nothing to do", plan],
      ] as const) {
        const startUp = times.get(start as number) as number;
        const few = (times.get(small as number) as number) - startUp;
        const many = (times.get(large as number) as number) - startUp;
        const factor = (large as number) / (small as number);
        yield {
          case: `growth ${small} to ${large}${name}`,
          ours: many,
          peer: few * factor,
          peerName: "linear",
          unit: "s",
          ratio: (few * factor) / many,
        };
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
      await server.stop();
    }
  },
};
export default bench;

const shown = (name: string, seconds: number) => ({
  case: name,
  ours: seconds,
  peer: seconds,
  peerName: "shown only",
  unit: "s",
  ratio: 1,
});

async function time(run: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await run();
  return (performance.now() - begin) / 1000;
}

/** Entities as an application has them: scalars, states, references, a computed sum, policies, an action. */
async function writeProject(folder: string, size: number): Promise<void> {
  await mkdir(join(folder, "domain"), { recursive: true });
  await writeFile(
    join(folder, "enginejs.config.ts"),
    `import { defineConfig } from "enginejs";
export default defineConfig({
  schema: "app",
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: { entity: "User" },
  roles: { member: {}, billing: { extends: ["member"] } },
});
`,
  );
  await writeFile(
    join(folder, "domain/people.model.ts"),
    `import { allow, array, entity, ref, roles, text } from "enginejs";
entity("Tenant", { tenant: false, fields: { name: text().required() }, policies: [allow("read", "own").when(({ row, actor }) => row.id.eq(actor.tenantId))] });
entity("User", { tenant: false, fields: { name: text().required() }, policies: [allow("read", "own").when(({ row, actor }) => row.id.eq(actor.id))] });
entity("Membership", { fields: { user: ref("User").required(), roles: roles().required() }, policies: [allow("read", "own").when(({ row, actor }) => row.user.id.eq(actor.id))] });
`,
  );
  for (let n = 1; n <= size; n++) {
    const parent = n > 1 ? `parent: ref("Entity${n - 1}"),` : "";
    const children =
      n < size
        ? `children: array(ref("Entity${n + 1}")), total: money().computed(({ children }) => sum(children.map((c) => c.amount))),`
        : "";
    await writeFile(
      join(folder, `domain/entity${n}.model.ts`),
      `import { action, allow, array, check, entity, integer, money, ref, state, sum, text, timestamp } from "enginejs";
export const Entity${n} = entity("Entity${n}", {
  describe: "Entity number ${n}",
  fields: {
    title: text().required().max(200),
    code: text().unique(),
    owner: ref("User").required(),
    ${parent}
    ${children}
    amount: money().required(),
    quantity: integer().required().default(1),
    dueAt: timestamp(),
    status: state(["open", "done", "dropped"], { initial: "open" }),
  },
  rules: { positive: check(({ row }) => row.quantity.gt(0), "must be positive") },
  policies: [
    allow("read", "members").when(({ row, actor }) => row.tenant.id.eq(actor.tenantId)),
    allow(["create", "update"], "the owner or billing").when(({ row, actor }) => row.owner.id.eq(actor.id).or(actor.hasRole("billing"))),
  ],
  actions: { finish: action().from("open").to("done").guard(({ row }) => row.amount.gt(0), "needs an amount") },
});
void array; void sum;
`,
    );
  }
}
