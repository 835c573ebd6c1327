/** The model: rows whose making starts a run of one empty step, of three, or of none. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export async function writeWorkflowsProject(folder: string): Promise<void> {
  await mkdir(join(folder, "domain"), { recursive: true });
  await mkdir(join(folder, "tasks"), { recursive: true });
  await writeFile(
    join(folder, "enginejs.config.ts"),
    `import { defineConfig } from "enginejs";\nexport default defineConfig({});\n`,
  );
  await writeFile(
    join(folder, "tasks/empty.ts"),
    `import { defineTask } from "enginejs";\nexport default defineTask({ run: async () => undefined });\n`,
  );
  await writeFile(
    join(folder, "domain/jobs.model.ts"),
    `import { entity, integer, workflow } from "enginejs";
export const OneStep = entity("OneStep", { fields: { n: integer() } });
export const ThreeSteps = entity("ThreeSteps", { fields: { n: integer() } });
export const one = workflow("one", { on: OneStep.created(), as: "system", steps: (flow) => flow.task("a", "empty") });
export const three = workflow("three", {
  on: ThreeSteps.created(),
  as: "system",
  steps: (flow) => flow.task("a", "empty").task("b", "empty").task("c", "empty"),
});
`,
  );
}
