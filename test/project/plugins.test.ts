/** Plugins of a project on disk: npm packages and files of its own, what the model has of them, and everything that can be wrong with one. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { renderDiagnostics } from "../../src/cli/render-diagnostics.ts";
import type { Diagnostic } from "../../src/errors/diagnostic.ts";
import { EngineError } from "../../src/errors/engine-error.ts";
import { loadConfig, loadProject } from "../../src/project/load-project.ts";
import { makeProject, repository, type TemporaryProject } from "./temporary-project.ts";

let project: TemporaryProject | undefined;
afterEach(async () => {
  await project?.remove();
  project = undefined;
});

const model = `import { allow, entity, text } from "enginejs";
export const Note = entity("Note", { fields: { title: text().required() }, policies: [allow("read", "all read").when(() => true)] });
`;
const configOf = (imports: string, plugins: string) => `import { defineConfig, env } from "enginejs";
${imports}
export default defineConfig({
  plugins: ${plugins},
});
`;
/** As a package is published: JavaScript, its exports by package.json. */
const slack = (body?: string) => ({
  "node_modules/enginejs-plugin-slack/package.json": JSON.stringify({
    name: "enginejs-plugin-slack",
    version: "1.2.0",
    type: "module",
    exports: "./lib/index.js",
  }),
  "node_modules/enginejs-plugin-slack/lib/index.js":
    body ??
    `import { definePlugin, defineTask, readSetting } from "enginejs";
import { z } from "zod";
export const slack = ({ token, name = "slack" }) => definePlugin({
  name,
  version: "1.2.0",
  describe: "Messages to Slack",
  steps: {
    "post-message": defineTask({
      input: z.object({ channel: z.string(), text: z.string() }),
      output: z.object({ ts: z.string() }),
      run: async ({ input }) => ({ ts: readSetting(token) + input.text }),
    }),
  },
});
`,
});
const workflow = (step: string) => `import { workflow } from "enginejs";
import { Note } from "./note.model.ts";
workflow("tell", { on: Note.created(), steps: (flow) => flow.task("tell", "${step}", ({ record }) => ({ channel: "a", text: record.title })) });
`;
const imported = 'import { slack } from "enginejs-plugin-slack";';
const token = '[slack({ token: env("PLUGIN_TEST_TOKEN") })]';

async function findingsOf(files: Readonly<Record<string, string>>): Promise<readonly Diagnostic[]> {
  project = await makeProject({ "domain/note.model.ts": model, ...files });
  return failureOf(loadProject(project.folder));
}

async function failureOf(loading: Promise<unknown>): Promise<readonly Diagnostic[]> {
  try {
    await loading;
  } catch (error) {
    if (error instanceof EngineError) return error.diagnostics;
    throw error;
  }
  return [];
}

/** What a process says that loads tasks as a worker does: Node's own modules, not those of the tests. */
async function inWorker(
  { folder }: { readonly folder: string } = { folder: "" },
  environment: Readonly<Record<string, string>>,
  script: string,
): Promise<unknown[]> {
  const source = (file: string) => JSON.stringify(join(repository, "src/project", file));
  const program = `
    import { writeFileSync } from "node:fs";
    import { loadTasks } from ${source("load-tasks.ts")};
    import { nextGeneration } from ${source("import-module.ts")};
    const folder = ${JSON.stringify(folder)};
    const said = (...values) => values.forEach((value) => console.log(JSON.stringify(value)));
    const load = () => loadTasks(folder);
    const change = (file, text) => { writeFileSync(folder + "/" + file, text); nextGeneration(); };
    try {${script}} catch (error) {
      for (const { code, where, message } of error.diagnostics) said(code + " " + where.file + ":" + where.line + ":" + where.column + " " + message);
    }`;
  const { PLUGIN_TEST_TOKEN: _token, NODE_ENV: _env, NODE_OPTIONS: _options, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...env, ...environment },
    timeout: 240_000,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const brief = (findings: readonly Diagnostic[]) =>
  findings.map(({ code, where, message }) => `${code} ${where?.file}:${where?.line}:${where?.column} ${message}`);

describe("a package's plugin", () => {
  test("adds steps to the model, without its options; a build needs no secret", async () => {
    project = await makeProject({
      "domain/note.model.ts": model,
      "domain/note.workflow.ts": workflow("slack/post-message"),
      "enginejs.config.ts": configOf(
        `${imported} import { older } from "enginejs-plugin-older";`,
        '[slack({ token: "literally-secret" }), older]',
      ),
      ...slack(),
      // CommonJS, which many a package still is.
      "node_modules/enginejs-plugin-older/package.json": '{"name": "enginejs-plugin-older", "main": "index.js"}',
      "node_modules/enginejs-plugin-older/index.js": `const { definePlugin, defineTask } = require("enginejs");
exports.older = definePlugin({ name: "older", steps: { nothing: defineTask({ run: () => null }) } });
`,
    });
    const { system, declarations, sourceMap } = await loadProject(project.folder);
    expect(system.plugins).toEqual([
      { name: "older" },
      { name: "slack", version: "1.2.0", description: "Messages to Slack" },
    ]);
    expect(system.tasks).toMatchObject([
      { name: "older/nothing", plugin: "older" },
      {
        name: "slack/post-message",
        plugin: "slack",
        input: { properties: { channel: { type: "string" }, text: { type: "string" } }, required: ["channel", "text"] },
        output: { properties: { ts: { type: "string" } } },
      },
    ]);
    expect(JSON.stringify(system)).not.toContain("literally-secret");
    expect(declarations).toContain(
      '"slack/post-message": { input: { channel: Scalar<"text">; text: Scalar<"text"> }; output: { ts: Scalar<"text"> } };',
    );
    expect(sourceMap["plugins.slack"]).toMatchObject({ file: "enginejs.config.ts", line: 4 });
    expect(sourceMap["tasks.slack/post-message"]).toMatchObject({ file: "enginejs.config.ts", line: 4 });
    expect(await loadConfig(project.folder)).toEqual({ plugins: undefined });
  });

  test("has its secrets from the worker's environment, which must hold them, or their values for development", async () => {
    const config = `import { defineConfig, env } from "enginejs";
${imported}
export default defineConfig({
  plugins: [slack({ token: env("PLUGIN_TEST_TOKEN", { development: "dev-" }) })],
  jwt: { secret: env("PLUGIN_TEST_JWT") },
});
`;
    project = await makeProject({ "domain/note.model.ts": model, "enginejs.config.ts": config, ...slack() });
    const post = (options: Readonly<Record<string, string>>) =>
      inWorker(
        project,
        options,
        `
      const step = (await load()).get("slack/post-message");
      said(step.plugin, await step.run({ input: { text: "hello" } }));
    `,
      );
    expect(await post({ PLUGIN_TEST_TOKEN: "xoxb-" })).toEqual([
      { name: "slack", version: "1.2.0" },
      { ts: "xoxb-hello" },
    ]);
    expect(await post({ NODE_ENV: "development" })).toEqual([{ name: "slack", version: "1.2.0" }, { ts: "dev-hello" }]);
    // The config's own JWT secret is the server's business.
    expect(await post({})).toEqual([
      "EJS1012 enginejs.config.ts:4:28 The environment variable PLUGIN_TEST_TOKEN is not set.",
    ]);
  });
});

test("a file of the project's own is a plugin as well, and is loaded anew when it changes", async () => {
  const acme = (answer: string) => `import { definePlugin, defineTask } from "enginejs";
import { z } from "zod";
const run = () => "${answer}";
export const acme = definePlugin({ name: "acme", steps: { ask: defineTask({ output: z.string(), run }) } });
`;
  project = await makeProject({
    "domain/note.model.ts": model,
    "plugins/acme.ts": acme("first"),
    "enginejs.config.ts": configOf('import { acme } from "./plugins/acme.ts";', "[acme]"),
  });
  const { system, sourceMap } = await loadProject(project.folder);
  expect(system.plugins).toEqual([{ name: "acme" }]);
  expect(sourceMap["tasks.acme/ask"]).toMatchObject({ file: "plugins/acme.ts", line: 4 });
  const answers = await inWorker(
    project,
    {},
    `
    const ask = async () => (await load()).get("acme/ask").run({});
    said(await ask());
    change("plugins/acme.ts", ${JSON.stringify(acme("second"))});
    said(await ask());
  `,
  );
  expect(answers).toEqual(["first", "second"]);
});

describe("what is wrong with plugins is said, with its place in the config", () => {
  test("two of one name, and a step that is a task file as well", async () => {
    const findings = await findingsOf({
      "enginejs.config.ts": configOf(
        imported,
        '[\n    slack({ token: "a" }),\n    slack({ token: "b" }),\n    slack({ token: "c", name: "mail" }),\n  ]',
      ),
      "tasks/mail/post-message.ts":
        'import { defineTask } from "enginejs";\nexport default defineTask({ run: () => 1 });\n',
      ...slack(),
    });
    expect(brief(findings)).toEqual([
      "EJS2104 enginejs.config.ts:6:5 There are two plugins called slack.",
      'EJS2104 enginejs.config.ts:7:5 Plugin mail has the step "post-message", and there is the task file tasks/mail/post-message.ts as well.',
    ]);
  });

  test("names, keys, versions, steps, schemas: all at once", async () => {
    const findings = await findingsOf({
      "plugins/odd.ts": `import { definePlugin, defineTask } from "enginejs";
import { z } from "zod";
export const odd = (definition: object) => definePlugin(definition as never);
export const schemas = definePlugin({
  name: "schemas",
  steps: {
    date: defineTask({ input: z.object({ at: z.date() }), run: () => 1 }),
    text: defineTask({ input: z.string() as never, run: () => 1 }),
    old: defineTask({ output: { parse: () => 1 } as never, run: () => 1 }),
  },
});
`,
      "enginejs.config.ts": configOf(
        'import { odd, schemas } from "./plugins/odd.ts";\nconst later = Promise.resolve();',
        `[
    odd({ name: "Not a slug" }),
    odd({ name: "@acme/slack", steps: {} }),
    odd({ name: "handlers", steps: {} }),
    odd({ name: "typo", stpes: {}, routes: [] }),
    odd({ name: "forms", version: 2, describe: 3, steps: { "": 1, run: () => 1, "a/b": 1 } }),
    odd({ name: "lists", steps: [] }),
    odd(null as never),
    odd,
    later,
    { name: "by-hand", steps: {} },
    schemas,
  ] as never`,
      ),
    });
    expect(brief(findings)).toEqual([
      "EJS2173 enginejs.config.ts:5:3 config.plugins[7] is a function that gives a plugin, perhaps: call it.",
      "EJS2173 enginejs.config.ts:5:3 config.plugins[8] is a promise: write await before it.",
      "EJS2173 enginejs.config.ts:5:3 config.plugins[9] is an object, which definePlugin() has not made.",
      'EJS2101 plugins/odd.ts:3:44 "" cannot be the name of a step.',
      'EJS2101 plugins/odd.ts:3:44 "@acme/slack" cannot be the name of a plugin.',
      'EJS2101 plugins/odd.ts:3:44 "Not a slug" cannot be the name of a plugin.',
      'EJS2101 plugins/odd.ts:3:44 "a/b" cannot be the name of a step.',
      'EJS2102 plugins/odd.ts:3:44 A plugin cannot be called "handlers": what handlers/ holds has that name.',
      'EJS2105 plugins/odd.ts:3:44 Plugin typo has no option "routes".',
      'EJS2105 plugins/odd.ts:3:44 Plugin typo has no option "stpes".',
      'EJS2106 plugins/odd.ts:3:44 Plugin forms: "describe" must be a text without control characters, not 3.',
      'EJS2106 plugins/odd.ts:3:44 Plugin forms: "version" must be a text without control characters, not 2.',
      'EJS2106 plugins/odd.ts:3:44 Plugin lists: "steps" must be an object, not [].',
      "EJS2173 plugins/odd.ts:3:44 definePlugin() takes an object, not null.",
      "EJS2160 plugins/odd.ts:7:24 The input of the task schemas/date cannot be said in JSON Schema: Date cannot be represented in JSON Schema.",
      'EJS2173 plugins/odd.ts:7:59 Plugin forms: the step "run" is a function, which defineTask() has not made.',
      "EJS2160 plugins/odd.ts:8:24 The input of the task schemas/text is no z.object().",
      "EJS2160 plugins/odd.ts:9:23 The output of the task schemas/old is no schema of zod 4.",
    ]);
    const { hint } = findings.find(({ message }) => message.includes('"stpes"')) ?? {};
    expect(hint).toBe('Did you mean "steps"? There are: name, version, describe, steps.');
  });

  test("no list", async () => {
    const findings = await findingsOf({ "enginejs.config.ts": configOf("", '"slack" as never') });
    expect(brief(findings)).toEqual([
      "EJS1010 enginejs.config.ts:4:3 config.plugins: expected array, received string.",
    ]);
  });

  test("a misspelt step: the nearest of task files and plugins", async () => {
    const findings = await findingsOf({
      "domain/note.workflow.ts": workflow("slack/post-mesage"),
      "enginejs.config.ts": configOf(imported, token),
      "tasks/post.ts": 'import { defineTask } from "enginejs";\nexport default defineTask({ run: () => 1 });\n',
      ...slack(),
    });
    expect(renderDiagnostics(findings)).toContain('there is no task "slack/post-mesage"');
    expect(findings[0]?.hint).toBe('Did you mean "slack/post-message"? Tasks: post, slack/post-message.');
  });

  test("a misspelt operation in a JSON process", async () => {
    const process = {
      kind: "process",
      name: "slack.tell",
      version: 1,
      type: "orchestratedWorkflow",
      execution: { model: "async" },
      $defs: { Void: { type: "object" } },
      input: "Void",
      outputs: { told: "Void" },
      uses: { services: { slack: ["postMesage"] } },
      nodes: {
        done: { op: "output", in: { value: "Void" }, output: "told" },
        start: { op: "start", out: { go: "Void" } },
        tell: {
          op: "service.call",
          service: "slack",
          operation: "postMesage",
          in: { go: "Void" },
          body: { channel: '"a"', text: '"b"' },
          out: { ok: "Void" },
        },
      },
      edges: [
        ["start.go", "tell.go"],
        ["tell.ok", "done.value"],
      ],
    };
    const findings = await findingsOf({
      "enginejs.config.ts": configOf(imported, token),
      "processes/tell.json": JSON.stringify(process, null, 2),
      ...slack(),
    });
    const [finding] = findings.filter(({ code }) => code === "EJS2530");
    expect(finding?.message).toContain('the plugin slack has no step "post-mesage"');
    expect(finding?.hint).toBe('Did you mean "slack/post-message"? Tasks: slack/post-message.');
    expect(finding?.where?.file).toBe("processes/tell.json");
  });

  test("one that throws: which, and where", async () => {
    const thrown = await findingsOf({
      "enginejs.config.ts": configOf(imported, token),
      ...slack("export const slack = () => { throw new TypeError('no team given'); };\n"),
    });
    expect(brief(thrown)).toEqual(["EJS1023 enginejs.config.ts:4:13 TypeError: no team given"]);
    const whileImported = await findingsOf({
      "enginejs.config.ts": configOf(imported, token),
      ...slack("throw new RangeError('no such platform');\nexport const slack = 1;\n"),
    });
    expect(brief(whileImported)).toEqual([
      "EJS1023 enginejs.config.ts:2:24 The package enginejs-plugin-slack threw RangeError: no such platform",
    ]);
    const own = await findingsOf({
      "plugins/acme.ts": "\nthrow new Error('acme is broken');\nexport const acme = 1;\n",
      "enginejs.config.ts": configOf('import { acme } from "./plugins/acme.ts";', "[acme as never]"),
    });
    expect(brief(own)).toEqual(["EJS1023 plugins/acme.ts:2:7 Error: acme is broken"]);
  });

  test("one that is not installed, also of a scope", async () => {
    const findings = await findingsOf({
      "enginejs.config.ts": configOf('import { slack } from "@acme/enginejs-slack";', token),
    });
    expect(brief(findings)).toEqual(['EJS1021 enginejs.config.ts:2:24 There is no package "@acme/enginejs-slack".']);
    expect(findings[0]?.hint).toBe("Install it: npm install @acme/enginejs-slack");
  });

  test("a secret that is read while the model is loaded", async () => {
    const findings = await findingsOf({
      "plugins/acme.ts": `import { definePlugin, readSetting, type Setting } from "enginejs";
export const acme = (token: Setting) => definePlugin({ name: readSetting(token), steps: {} });
`,
      "enginejs.config.ts": configOf('import { acme } from "./plugins/acme.ts";', '[acme(env("HOME"))]'),
    });
    expect(findings).toMatchObject([{ code: "EJS1023", where: { file: "plugins/acme.ts", line: 2 } }]);
    expect(findings[0]?.message).toContain('readSetting(env("HOME")) is for the run of a step');
  });
});
