import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { secretSource } from "../../src/cli/secret-source.ts";
import type { Diagnostic } from "../../src/errors/diagnostic.ts";
import { EngineError } from "../../src/errors/engine-error.ts";
import { loadConfig, loadProject } from "../../src/project/load-project.ts";
import { config, makeProject, type TemporaryProject } from "./temporary-project.ts";

let project: TemporaryProject | undefined;
afterEach(async () => {
  await project?.remove();
  project = undefined;
});

async function findingsOf(
  files: Readonly<Record<string, string>>,
  options: { readonly name?: string; readonly timeout?: number; readonly example?: string } = {},
): Promise<readonly Diagnostic[]> {
  project = await makeProject(files, options);
  try {
    await loadProject(project.folder, options.timeout === undefined ? {} : { timeout: options.timeout });
  } catch (error) {
    if (error instanceof EngineError) return error.diagnostics;
    throw error;
  }
  return [];
}

const brief = (findings: readonly Diagnostic[]) =>
  findings.map(({ code, where }) => `${code} ${where?.file}:${where?.line}:${where?.column}`);

test("the example loads: entities, workflows, tasks with their schemas, declarations", async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  const { system, sourceMap, declarations, config: loaded } = await loadProject(project.folder);
  expect(system.entities.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["Customer", "Invoice", "InvoiceLine", "Membership", "Receipt", "Tenant", "User"]),
  );
  expect(system.tasks.map(({ name }) => name)).toEqual(expect.arrayContaining(["send-invoice", "send-receipt"]));
  expect(system.tasks.find(({ name }) => name === "send-invoice")?.input).toMatchObject({
    type: "object",
    properties: { id: { type: "string", format: "uuid" } },
    required: ["id"],
  });
  expect(sourceMap.Invoice).toMatchObject({ file: "domain/invoice.model.ts" });
  expect(declarations).toContain("Invoice");
  expect(loaded.jwt?.secret).toMatchObject({ kind: "env", name: "JWT_SECRET" });
});

test("loading twice gives the same bytes, and a change in between counts", async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  const first = await loadProject(project.folder);
  const second = await loadProject(project.folder);
  expect(JSON.stringify(second)).toBe(JSON.stringify(first));
  const rules = await readFile(join(project.folder, "policies/rules.policy.ts"), "utf8");
  expect(rules).toContain('"members of the tenant"');
  await project.write("policies/rules.policy.ts", rules.replace('"members of the tenant"', '"another sentence"'));
  // A file that the models import: their own text is unchanged.
  expect(JSON.stringify((await loadProject(project.folder)).system)).toContain("another sentence");
});

describe("what is wrong with the files is said of all of them at once", () => {
  test("syntax, imports, exports, exceptions", async () => {
    const findings = await findingsOf({
      "enginejs.config.ts": config,
      "domain/a.model.ts": "export const a: number = ;\n",
      "domain/b.model.ts": 'import { x } from "./missing.ts";\n',
      "domain/c.model.ts": 'import { entty } from "enginejs";\n',
      "domain/d.model.ts": "const d = 1;\nfunction fail(): never {\n  throw new RangeError('no');\n}\nfail();\n",
      "domain/e.model.ts": "enum Color { red }\n",
      "domain/f.model.ts": "const f = 1;\nconst f = 2;\n",
      "domain/g.model.ts": 'import "./a.model.ts";\n',
      "policies/h.policy.ts": 'import "no-such-package/part";\n',
      "tasks/i.ts": "export const nothing = 1;\n",
    });
    expect(brief(findings)).toEqual([
      "EJS1021 policies/h.policy.ts:1:9",
      "EJS1020 domain/a.model.ts:1:26",
      "EJS1021 domain/b.model.ts:1:20",
      "EJS1022 domain/c.model.ts:1:10",
      "EJS1023 domain/d.model.ts:3:9",
      "EJS1020 domain/e.model.ts:1:1",
      "EJS1020 domain/f.model.ts:2:7",
      "EJS1025 tasks/i.ts:1:1",
    ]);
    expect(findings.find(({ code }) => code === "EJS1022")?.hint).toBe('Did you mean "entity"?');
    expect(findings.find(({ code }) => code === "EJS1023")).toMatchObject({
      message: "RangeError: no",
      sourceLine: "  throw new RangeError('no');",
    });
  });

  test("a missing extension and a type imported as a value are told apart", async () => {
    const findings = await findingsOf({
      "enginejs.config.ts": config,
      "domain/a.model.ts": 'import { b } from "./b";\n',
      "domain/b.ts": "export interface Shape {}\n",
      "domain/c.model.ts": 'import { Shape } from "./b.ts";\n',
    });
    expect(findings.find(({ code }) => code === "EJS1021")?.hint).toBe('Did you mean "./b.ts"?');
    expect(findings.find(({ code }) => code === "EJS1022")?.hint).toBe("Shape is a type: import { type Shape }");
  });

  test("no model, names that cannot be those of tasks", async () => {
    const findings = await findingsOf({
      "enginejs.config.ts": config,
      "domain/invoice.modle.ts": "",
      "tasks/Send Mail.ts": "export default () => {};\n",
      "tasks/a/b/send.ts": "export default () => {};\n",
      "tasks/9/send.ts": "export default () => {};\n",
      "tasks/handlers/send.ts": "export default () => {};\n",
    });
    expect(findings.filter(({ code }) => code.startsWith("EJS1")).map(({ code }) => code)).toEqual([
      "EJS1027",
      "EJS1026",
      "EJS1026",
      "EJS1026",
      "EJS1026",
    ]);
    expect(findings[0]?.hint).toContain("domain/invoice.model.ts");
  });
});

describe("the config", () => {
  const load = async (text: string): Promise<readonly Diagnostic[]> => {
    project = await makeProject({ "enginejs.config.ts": text });
    return loadConfig(project.folder).then(
      () => [],
      (error: EngineError) => error.diagnostics,
    );
  };

  test("unknown settings are named with the nearest one, all of them", async () => {
    const findings = await load(
      'import { defineConfig } from "enginejs";\nexport default defineConfig({\n  shema: "app",\n  roles: { x: { extend: [] } },\n  jwt: { secret: 5 },\n} as never);\n',
    );
    expect(brief(findings).sort()).toEqual([
      "EJS1010 enginejs.config.ts:3:3",
      "EJS1010 enginejs.config.ts:4:17",
      "EJS1010 enginejs.config.ts:5:10",
    ]);
    expect(findings.map(({ hint }) => hint).join("\n")).toContain('Did you mean "schema"?');
    expect(findings.map(({ hint }) => hint).join("\n")).toContain('Did you mean "extends"?');
  });

  test("roles, permissions, flags and claims are looked at as well", async () => {
    const findings = await load(
      [
        'import { defineConfig } from "enginejs";',
        "export default defineConfig({",
        '  actor: { entity: "User", claim: {} },',
        "  flags: { Beta: {}, other: { defalt: true } },",
        '  permissions: { "a b": "c" },',
        "  roles: { x: { can: { Invoice: 5 } } },",
        "} as never);",
      ].join("\n"),
    );
    expect(brief(findings).sort()).toEqual([
      "EJS1010 enginejs.config.ts:3:28",
      "EJS1010 enginejs.config.ts:4:12",
      "EJS1010 enginejs.config.ts:4:31",
      "EJS1010 enginejs.config.ts:5:19",
      "EJS1010 enginejs.config.ts:6:24",
    ]);
    expect(findings.map(({ hint }) => hint)).toEqual(
      expect.arrayContaining(['Did you mean "claims"? Allowed here: entity, claims.']),
    );
  });

  test("a claim's callback stays with the compiler", async () => {
    const text = config.replace('{ entity: "User" }', '{ entity: "User", claims: { me: ({ actor }) => actor.id } }');
    project = await makeProject({ "enginejs.config.ts": text });
    expect((await loadConfig(project.folder)).actor).toEqual({ entity: "User" });
  });

  test("nothing exported", async () => {
    expect(brief(await load("export const config = {};\n"))).toEqual(["EJS1011 enginejs.config.ts:1:1"]);
  });

  test("what is exported counts, also without defineConfig(), and whatever else was defined", async () => {
    const schemaOf = async (text: string): Promise<string> => {
      const model = 'import { entity } from "enginejs";\nentity("Note", { fields: {} });\n';
      project = await makeProject({ "enginejs.config.ts": text, "domain/note.model.ts": model });
      const { system } = await loadProject(project.folder);
      await project.remove();
      return system.schema;
    };
    expect(await schemaOf('export default { schema: "plain" };\n')).toBe("plain");
    expect(
      await schemaOf(
        'import { defineConfig } from "enginejs";\ndefineConfig({ schema: "other" });\nexport default { ...defineConfig({ schema: "another" }), schema: "exported" };\n',
      ),
    ).toBe("exported");
  });

  test("secret and jwks exclude each other", async () => {
    const findings = await load('export default { jwt: { secret: "s", jwks: "https://x" } };\n');
    expect(findings[0]?.message).toContain("either secret or jwks");
  });
});

describe("a file cannot hurt", () => {
  test("an endless loop is stopped and named", async () => {
    const findings = await findingsOf(
      { "enginejs.config.ts": config, "domain/loop.model.ts": "for (;;);\n" },
      { timeout: 4_000 },
    );
    expect(brief(findings)).toEqual(["EJS1024 domain/loop.model.ts:1:1"]);
  });

  test("an await that never ends, too", async () => {
    const findings = await findingsOf(
      {
        "enginejs.config.ts": config,
        "domain/wait.model.ts": "setInterval(() => {}, 1000);\nawait new Promise(() => {});\n",
      },
      { timeout: 4_000 },
    );
    expect(brief(findings)).toEqual(["EJS1024 domain/wait.model.ts:1:1"]);
  });

  test("nor one that nothing is left to settle", async () => {
    const findings = await findingsOf({
      "enginejs.config.ts": config,
      "domain/wait.model.ts": "await new Promise(() => {});\n",
    });
    expect(brief(findings)).toEqual(["EJS1024 domain/wait.model.ts:1:1"]);
    expect(findings[0]?.message).toContain("top-level await");
  });

  test("process.exit ends the loader only", async () => {
    const findings = await findingsOf({ "enginejs.config.ts": config, "domain/exit.model.ts": "process.exit(0);\n" });
    expect(brief(findings)).toEqual(["EJS1023 domain/exit.model.ts:1:1"]);
  });

  test("what is thrown need not be an error", async () => {
    const findings = await findingsOf({ "enginejs.config.ts": config, "domain/odd.model.ts": "throw null;\n" });
    expect(brief(findings)).toContain("EJS1023 domain/odd.model.ts:1:1");
  });
});

test.each(["with space", "quo'te\"s", "ünïcödé 漢字", "per%20cent #hash ?query", "(paren)$[x]"])(
  "a project below a folder called %j",
  async (name) => {
    const findings = await findingsOf(
      { "domain/broken.model.ts": "\n  throw new Error('here');\n" },
      { name, example: "examples/invoicing" },
    );
    expect(brief(findings)).toEqual(["EJS1023 domain/broken.model.ts:2:9"]);
    await project?.write("domain/broken.model.ts", "");
    expect((await loadProject(project?.folder ?? "")).system.entities.length).toBeGreaterThan(5);
  },
);

test("secrets for development stand beside the model, and count with NODE_ENV=development alone", async () => {
  project = await makeProject({
    "enginejs.config.ts": 'import { defineConfig } from "enginejs";\nexport default defineConfig({ roles: {} });\n',
    "domain/hook.model.ts": `import { env, webhook, workflow } from "enginejs";
workflow("hook", {
  on: webhook("hook", { secret: env("HOOK_IN", { development: "comes-in" }), scheme: "github" }),
  as: "system",
  steps: (flow) => flow.http("ask", { url: "https://example.com/", secret: env("HOOK_OUT", { development: "goes-out" }) })
    .http("again", { url: "https://example.com/", secret: "HOOK_PLAIN" }),
});
`,
  });
  const { system, developmentSecrets } = await loadProject(project.folder);
  expect(Object.fromEntries(developmentSecrets)).toEqual({ HOOK_IN: "comes-in", HOOK_OUT: "goes-out" });
  expect(JSON.stringify(system)).toContain('"HOOK_OUT"');
  expect(JSON.stringify(system)).not.toMatch(/comes-in|goes-out/);
  const secrets = async (mode: string) => {
    vi.stubEnv("NODE_ENV", mode);
    vi.stubEnv("HOOK_OUT", "from the environment");
    const source = await secretSource(project?.folder ?? "").finally(() => vi.stubEnv("NODE_ENV", "test"));
    const found = ["HOOK_IN", "HOOK_OUT", "HOOK_PLAIN"].map(source);
    vi.unstubAllEnvs();
    return found;
  };
  expect(await secrets("development")).toEqual(["comes-in", "from the environment", undefined]);
  expect(await secrets("production")).toEqual([undefined, "from the environment", undefined]);
  expect(await secrets("")).toEqual([undefined, "from the environment", undefined]);
});
