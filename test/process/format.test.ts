/** The canonical form of a process file: byte-stable, idempotent, and the same for whatever says the same. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatProcess, readProcess } from "../../src/process/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { exampleText } from "./support/orders-model.ts";

const formatted = (text: string) => formatProcess(readProcess("processes/p.json", text).source);

it("the example is in canonical form", () => {
  expect(formatted(exampleText)).toBe(exampleText);
});

/** The same JSON with its members in another order, and lists without an order in another one. */
function shuffled(value: unknown, random: () => number, path: readonly string[] = []): unknown {
  const mixed = <T>(items: readonly T[]) =>
    items
      .map((item) => ({ item, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  if (Array.isArray(value)) {
    const isSet =
      path[0] === "uses" ||
      (path[0] === "edges" && path.length === 1) ||
      (path[0] === "$defs" && path.at(-1) === "required");
    const items = value.map((item, i) => shuffled(item, random, [...path, String(i)]));
    return isSet ? mixed(items) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    mixed(Object.entries(value)).map(([key, part]) => [key, shuffled(part, random, [...path, key])]),
  );
}

/** Random blanks between the tokens of a JSON text. */
function spaced(text: string, random: () => number): string {
  return text.replace(
    /"(?:[^"\\]|\\.)*"|[{}[\],:]/g,
    (token) => `${token}${["", " ", "\n", "\t ", "\r\n"][Math.floor(random() * 5)]}`,
  );
}

/** From a seed the same numbers. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

it("whatever order and blanks it is written with, it comes out as the same bytes", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = numbers(seed);
      const text = spaced(JSON.stringify(shuffled(JSON.parse(exampleText), random), null, seed % 3), random);
      expect(formatted(text)).toBe(exampleText);
    }),
    { numRuns: 200 },
  );
});

it("of any JSON object: formatting twice changes nothing, and what it says stays", () => {
  const names = fc.oneof(
    fc.constantFrom("nodes", "edges", "$defs", "uses", "in", "op", "required", "retry", "kind", "name"),
    fc.string({ unit: "binary" }),
  );
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      tie("list"),
      tie("object"),
    ),
    list: fc.array(tie("value"), { maxLength: 4 }),
    object: fc.dictionary(names, tie("value"), { maxKeys: 6, noNullPrototype: true }),
  })).object;
  fc.assert(
    fc.property(json, (value) => {
      const text = JSON.stringify(value);
      const { source } = readProcess("processes/p.json", text);
      fc.pre(source.tree !== undefined && source.findings.every(({ code }) => code === "EJS2503"));
      const once = formatProcess(source);
      expect(formatted(once)).toBe(once);
      expect(sorted(JSON.parse(once))).toEqual(sorted(JSON.parse(text)));
    }),
    { numRuns: 200 },
  );
});

/** What is said, whatever the order. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item) => JSON.stringify(sorted(item))).sort();
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .map(([key, part]) => [key, sorted(part)])
    .sort();
};

it.each([
  [{ kind: "interval", everyMs: 5_400_000, catchUp: "one" }, '"every": "PT1H30M"'],
  [{ kind: "datetime", entity: "Order", field: "dueAt", offsetMs: -172_800_000 }, '"offset": "-P2D"'],
  [{ kind: "datetime", entity: "Order", field: "dueAt", offsetMs: 0 }, '"offset": "PT0S"'],
  [{ kind: "webhook", path: "bank", secret: "BANK", scheme: "stripe", toleranceMs: 1_500 }, '"tolerance": "PT1.5S"'],
])("lengths of time in milliseconds are written as ISO 8601 writes them: %j", (trigger, written) => {
  const file = { ...JSON.parse(exampleText), trigger };
  const once = formatted(JSON.stringify(file));
  expect(once).toContain(written);
  expect(once).not.toContain("Ms");
  expect(formatted(once)).toBe(once);
  const read = (text: string) => readProcess("processes/p.json", text).process;
  expect(read(once)).toEqual(read(JSON.stringify(file)));
  expect(read(once)?.trigger).toMatchObject(trigger);
});

it("so are those of its options; what cannot be one, or is said twice, stays", () => {
  const options = {
    rate: { limit: 3, perMs: 60_000 },
    debounce: { key: "input.card", pauseMs: 1_000, maxMs: 86_400_000 },
  };
  const once = formatted(JSON.stringify({ ...JSON.parse(exampleText), options }));
  expect(JSON.parse(once).options).toEqual({
    rate: { limit: 3, per: "PT1M" },
    debounce: { key: "input.card", pause: "PT1S", max: "P1D" },
  });
  expect(readProcess("processes/p.json", once).process?.options).toEqual(options);
  const odd = {
    trigger: { everyMs: 1.5, offsetMs: "1", toleranceMs: -1 },
    options: { rate: { per: "PT1S", perMs: 1 } },
  };
  expect(JSON.parse(formatted(JSON.stringify(odd)))).toEqual(odd);
});

it("numbers stay as they are written", () => {
  expect(formatted('{"limit":1.50e400,"version":12345678901234567890}')).toBe(
    '{\n  "version": 12345678901234567890,\n  "limit": 1.50e400\n}\n',
  );
});

describe("enginejs fmt", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "enginejs-fmt-"));
    await cp(join(import.meta.dirname, "orders"), folder, { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const file = () => join(folder, "processes/place.json");

  it("--check says which file would change, and writes nothing; without it the file is written", async () => {
    expect((await runCli(["fmt", "--check", "--project", folder])).code).toBe(0);
    const untidy = JSON.stringify(JSON.parse(exampleText));
    await writeFile(file(), untidy);
    const check = await runCli(["fmt", "--check", "--project", folder]);
    expect([check.code, check.stdout]).toEqual([1, "processes/place.json is not in its canonical form\n"]);
    expect(await readFile(file(), "utf8")).toBe(untidy);
    expect((await runCli(["fmt", "--project", folder, file()])).stdout).toBe("wrote processes/place.json\n");
    expect(await readFile(file(), "utf8")).toBe(exampleText);
  });

  it("a file that is no JSON is named with its place, and stays as it is", async () => {
    await writeFile(file(), '{"kind": "process",}');
    const { code, stderr } = await runCli(["fmt", "--project", folder]);
    expect(code).toBe(1);
    expect(stderr).toContain("processes/place.json:1:20");
    expect(stderr).toContain("EJS2501");
    expect(await readFile(file(), "utf8")).toBe('{"kind": "process",}');
  });
});
