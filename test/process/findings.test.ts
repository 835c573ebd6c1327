/** Every class of mistake in a process file, each as a change of the example: its code, its place, and what is said. */
import { expect, it } from "vitest";
import { readProcess } from "../../src/process/index.ts";
import { compiled, exampleText } from "./support/orders-model.ts";

/** A change of the text, then what is found: the code, the piece of the text that it points at, and words of it. */
type Mistake = readonly [what: string, from: string, to: string, code: string, at: string, words: string];

const mistakes: readonly Mistake[] = [
  ["no JSON", '"version": 3,', '"version": 3', "EJS2501", '"type"', "comma expected"],
  ["a comment", '"version": 3,', '"version": 3, // three', "EJS2501", "// three", "comment"],
  [
    "a comma too many",
    '["start.order", "any.order"]\n',
    '["start.order", "any.order"],\n',
    "EJS2501",
    "]",
    "Remove the comma",
  ],
  [
    "U+0000",
    "Price an order",
    "Price\\u0000",
    "EJS2501",
    '"Price\\u0000, store it, charge the card, announce it."',
    "U+0000",
  ],
  [
    "another format",
    "process-1.json",
    "process-2.json",
    "EJS2503",
    '"https://enginejs.dev/schema/process-2.json"',
    "process-1.json",
  ],
  [
    "a member of options that there is not",
    '"uses": {',
    '"options": {"concurrency": {"limit": 1, "keys": "input.card"}}, "uses": {',
    "EJS2503",
    '"keys"',
    'mean "key"',
  ],
  [
    "a key of options over nothing",
    '"uses": {',
    '"options": {"concurrency": {"limit": 1, "key": "input.crd"}}, "uses": {',
    "EJS2012",
    "crd",
    'mean "card"',
  ],
  [
    "an order by a record that there is not",
    '"uses": {',
    '"options": {"ordered": {"by": "record", "onFailure": "halt"}}, "uses": {',
    "EJS2505",
    '"record"',
    "No record",
  ],
  ["a trigger of no kind", '"uses": {', '"trigger": {"kind": "crn"}, "uses": {', "EJS2503", '"crn"', 'mean "cron"'],
  [
    "a condition over a side that the event has not",
    '"uses": {',
    '"trigger": {"kind": "model", "entity": "Order", "event": "create", "condition": "before.total > 1"}, "uses": {',
    "EJS2011",
    "before",
    "Known here: after, actor",
  ],
  [
    "a condition over a change of no field",
    '"uses": {',
    '"trigger": {"kind": "model", "entity": "Order", "event": "update", "condition": "changed.totl"}, "uses": {',
    "EJS2012",
    "totl",
    'mean "total"',
  ],
  ["no such actor", '"uses": {', '"as": "sytem", "uses": {', "EJS2503", '"sytem"', 'mean "system"'],
  [
    "no time zone",
    '"uses": {',
    '"as": "system", "trigger": {"kind": "cron", "expression": "0 9 * * *", "zone": "Europe/Berln", "catchUp": "one"}, "uses": {',
    "EJS2505",
    '"Europe/Berln"',
    "Europe/Berlin",
  ],
  [
    "a time zone by its name of today",
    '"uses": {',
    '"as": "system", "trigger": {"kind": "cron", "expression": "0 9 * * *", "zone": "Asia/Kolkatta", "catchUp": "one"}, "uses": {',
    "EJS2505",
    '"Asia/Kolkatta"',
    'mean "Asia/Kolkata"',
  ],
  [
    "a first pause longer than the longest",
    '"initial": "PT2S"',
    '"initial": "PT2M"',
    "EJS2503",
    '"PT2M"',
    "longer than max",
  ],
  [
    "a type of no kind",
    '"Int": {"type": "integer"}',
    '"Int": {"type": "integr"}',
    "EJS2511",
    '"integr"',
    'mean "integer"',
  ],
  ["a keyword that there is not", '"items": {"$ref"', '"itms": {"$ref"', "EJS2511", '"itms"', 'mean "items"'],
  [
    "a required member that there is not",
    '"required": ["price", "qty"]',
    '"required": ["price", "qtt"]',
    "EJS2511",
    '"qtt"',
    'mean "qty"',
  ],
  ["a member twice", '"version": 3,', '"version": 3,\n  "version": 4,', "EJS2502", '"version"', "twice"],
  ["an unknown member", '"version": 3,', '"version": 3,\n  "inputs": "Order",', "EJS2503", '"inputs"', 'mean "input"'],
  ["a member missing", '  "version": 3,\n', "", "EJS2503", "{", 'no "version"'],
  [
    "a member of another type",
    '"version": 3,',
    '"version": "3",',
    "EJS2503",
    '"3"',
    "must be a whole number from 1 on",
  ],
  [
    "an unknown type of process",
    '"orchestratedWorkflow"',
    '"orchestratedWorkflows"',
    "EJS2503",
    '"orchestratedWorkflows"',
    'mean "orchestratedWorkflow"',
  ],
  ["an unknown operation", '"op": "compute"', '"op": "compue"', "EJS2503", '"compue"', 'mean "compute"'],
  ["an unknown member of a node", '"expr": ', '"exprs": "1",\n      "expr": ', "EJS2503", '"exprs"', 'mean "expr"'],
  [
    "a schema in place of a type",
    '"input": "Order"',
    '"input": {"type": "objct"}',
    "EJS2503",
    '{"type": "objct"}',
    "Types stand in $defs",
  ],
  ["a duration of another language", '"PT10M"', '"10m"', "EJS2503", '"10m"', 'mean "PT10M"'],
  [
    "a text in place of a list",
    '"services": {"payments": ["createCharge"]}',
    '"services": {"payments": "createCharge"}',
    "EJS2503",
    '"createCharge"',
    'brackets: "payments": ["createCharge"]',
  ],
  [
    "a member misspelt whose neighbour is called alike",
    '"out": {"value": "Int"}',
    '"ot": {"value": "Int"}',
    "EJS2503",
    '"ot"',
    'mean "out"',
  ],
  [
    "an operation under another name",
    '"op": "compute"',
    '"opp": "compute"',
    "EJS2503",
    '"price"',
    'mean "op" by "opp"',
  ],
  [
    "an actor of one form with another member",
    '"uses": {',
    '"as": {"impersonat": "input.card"}, "uses": {',
    "EJS2503",
    '"impersonat"',
    'mean "impersonate"',
  ],
  ["a type that nothing is of", '"Void": {"type": "object"}', '"Void": {"type": []}', "EJS2511", "[]", "empty list"],
  ["a duration of no fixed length", '"PT10M"', '"P1M"', "EJS2503", '"P1M"', "ISO 8601"],
  ["an edge of no form", '["any.no", "empty.value"]', '["any", "empty.value"]', "EJS2503", '"any"', "node.port"],
  ["a name that is none", '"orders.place"', '"Orders place"', "EJS2503", '"Orders place"', ""],
  ["an id that is none", '"empty": {"op"', '"Empty one": {"op"', "EJS2503", '"Empty one"', "no name"],
  [
    "a sync process with a clock",
    '"uses": {',
    '"trigger": {"kind": "interval", "everyMs": 60000, "catchUp": "one"},\n  "uses": {',
    "EJS2505",
    '"async"',
    "scheduled",
  ],
  [
    "a clock without an actor",
    '"uses": {',
    '"trigger": {"kind": "interval", "everyMs": 60000, "catchUp": "one"},\n  "uses": {',
    "EJS2506",
    '"trigger"',
    "as whom",
  ],
  ["an unknown type", '"in": {"total": "Int"}', '"in": {"total": "Intt"}', "EJS2510", '"Intt"', 'mean "Int"'],
  ["a reference to no type", '"#/$defs/Line"', '"#/$defs/Lines"', "EJS2511", '"#/$defs/Lines"', 'mean "Line"'],
  [
    "a type that holds itself",
    '"Void": {"type": "object"}',
    '"Void": {"properties": {"v": {"$ref": "#/$defs/Void"}}, "type": "object"}',
    "EJS2511",
    '"#/$defs/Void"',
    "Void → Void",
  ],
  [
    "an edge between types",
    '["price.value", "save.total"]',
    '["any.yes", "save.total"]',
    "EJS2512",
    '"save.total"',
    "object, not integer",
  ],
  [
    "an edge to a type that requires more",
    '"in": {"value": "Placed"}, "output"',
    '"in": {"value": "Order"}, "output"',
    "EJS2512",
    '"done.value"',
    '"card" is missing',
  ],
  [
    "a value of another type",
    '"expr": "order.lines.map(l, l.qty * l.price).sum()"',
    '"expr": "order.card"',
    "EJS2513",
    '"order.card"',
    "string, not int",
  ],
  [
    "a row of another type",
    '{"id": {"type": "string"}, "total"',
    '{"id": {"type": "integer"}, "total"',
    "EJS2513",
    '"Placed"',
    "Order.id is uuid",
  ],
  [
    "an unknown name in an expression",
    '"when": "size(order.lines) > 0"',
    '"when": "size(ordr.lines) > 0"',
    "EJS2011",
    "ordr",
    'mean "order"',
  ],
  [
    "an unknown member in an expression",
    '"card": "order.card"',
    '"card": "order.crd"',
    "EJS2012",
    "crd",
    'mean "card"',
  ],
  ["an unknown member of an item", "l.qty * l.price", "l.qty * l.prce", "EJS2012", "prce", 'mean "price"'],
  ["a branch to no port", '"else": "no"', '"else": "none"', "EJS2514", '"out"', "none"],
  [
    "a port without a value",
    '"out": {"row": "Placed"}\n    },\n    "any"',
    '"out": {"other": "Problem", "row": "Placed"}\n    },\n    "any"',
    "EJS2514",
    '"Problem"',
    "nothing says what goes out",
  ],
  [
    "an edge from no node",
    '["charge.ok", "announce.go"]',
    '["chrge.ok", "announce.go"]',
    "EJS2520",
    '"chrge.ok"',
    'mean "charge"',
  ],
  [
    "an edge to no port",
    '["charge.ok", "announce.go"]',
    '["charge.ok", "announce.goo"]',
    "EJS2520",
    '"announce.goo"',
    'mean "go"',
  ],
  [
    "an edge twice",
    '["any.no", "empty.value"],',
    '["any.no", "empty.value"],\n    ["any.no", "empty.value"],',
    "EJS2520",
    '"any.no"',
    "twice",
  ],
  ["an in port without an edge", '    ["any.yes", "charge.order"],\n', "", "EJS2521", '"order"', "charge.order"],
  ["a way with nothing behind it", '    ["any.no", "empty.value"],\n', "", "EJS2521", '"no"', "Nothing follows any.no"],
  ["a node without a way to it", '    ["any.no", "empty.value"],\n', "", "EJS2522", '"empty"', "No path leads"],
  ["a circle", '["start.order", "any.order"]', '["any.yes", "any.order"]', "EJS2523", '"any"', "lead back"],
  [
    "no beginning",
    '"start": {"op": "start", "out": {"order": "Order"}}',
    '"start": {"op": "queue.consume", "queue": "q", "out": {"order": "Order"}}',
    "EJS2524",
    '"queue.consume"',
    "begins with start",
  ],
  [
    "two beginnings",
    '"start": {"op": "start", "out": {"order": "Order"}}',
    '"start": {"op": "start", "out": {"order": "Order"}},\n    "start2": {"op": "start", "out": {}}',
    "EJS2524",
    '"start2"',
    "2 times",
  ],
  [
    "a node of a known name",
    '"price": {\n      "op"',
    '"input": {"op": "log", "message": "x", "in": {"x": "Order"}},\n    "price": {\n      "op"',
    "EJS2525",
    '"input"',
    "something else",
  ],
  [
    "an output that nobody gives",
    '"outputs": {"placed": "Placed"}',
    '"outputs": {"placed": "Placed", "queued": "Void"}',
    "EJS2526",
    '"queued"',
    "",
  ],
  ["an output that is not declared", '"output": "placed"', '"output": "placd"', "EJS2527", '"placd"', "placed"],
  ["an error that is not declared", '"error": "EmptyOrder"', '"error": "Empty"', "EJS2527", '"Empty"', "EmptyOrder"],
  ["no such entity", '"entity": "Order"', '"entity": "Ordr"', "EJS2530", '"Ordr"', 'mean "Order"'],
  [
    "no such task",
    '"operation": "createCharge"',
    '"operation": "createCharg"',
    "EJS2530",
    '"createCharg"',
    "tasks/payments/create-charg.ts",
  ],
  [
    "no such property of a task's input",
    '"card": "order.card"',
    '"cards": "order.card"',
    "EJS2530",
    '"cards"',
    'mean "card"',
  ],
  [
    "an input that a task requires",
    '"body": {"amount": "row.total", "card": "order.card"}',
    '"body": {"amount": "row.total"}',
    "EJS2531",
    '"body"',
    "requires card",
  ],
  ["no such field", '"total": "total"}', '"totl": "total"}', "EJS2531", '"totl"', 'mean "total"'],
  [
    "a required field left out",
    '"values": {"status": "\\"new\\"", "total": "total"}',
    '"values": {"status": "\\"new\\""}',
    "EJS2531",
    '"values"',
    "requires total",
  ],
  [
    "a wait for nothing",
    '"start": {',
    '"pause": {"op": "wait", "in": {"order": "Order"}, "out": {"order": "Order"}},\n    "start": {',
    "EJS2532",
    '"wait"',
    "one of",
  ],
  [
    "an operation of another type",
    '"orchestratedWorkflow"',
    '"databaseWorkflow"',
    "EJS2533",
    '"service.call"',
    "no operation",
  ],
  [
    "an undeclared write",
    '"databases": {"main": ["transaction", "write"]}',
    '"databases": {"main": ["read", "transaction"]}',
    "EJS2540",
    '"db.insert"',
    'databases.main: "write"',
  ],
  ["an undeclared transaction", '["transaction", "write"]', '["write"]', "EJS2540", '"t1"', '"transaction"'],
  ["an undeclared queue", '"queues": {"order-events": ["publish"]},\n', "", "EJS2540", '"order-events"', '"publish"'],
  [
    "an undeclared service",
    '"services": {"payments": ["createCharge"]}',
    '"services": {"payments": ["refund"]}',
    "EJS2540",
    '"createCharge"',
    "payments",
  ],
  ["a transaction that is not one piece", '"tx": "t2"', '"tx": "t1"', "EJS2542", '"t1"', "charge lies between"],
];

it.each(mistakes)("%s", async (_what, from, to, code, at, words) => {
  const text = exampleText.replace(from, to);
  expect(text).not.toBe(exampleText);
  const { findings, workflows } = await compiled(text);
  const found = findings.filter((finding) => finding.code === code);
  const shown = JSON.stringify(findings, null, 2);
  expect(found.length, shown).toBeGreaterThan(0);
  const lines = text.split("\n");
  const pieces = found.map(({ where }) => {
    const line = lines[(where?.line ?? 1) - 1] ?? "";
    return line.slice((where?.column ?? 1) - 1, (where?.column ?? 1) - 1 + (where?.length ?? 0));
  });
  expect(pieces, shown).toContain(at);
  const one = found[pieces.indexOf(at)];
  expect(`${one?.message} ${one?.hint}`).toContain(words);
  expect(workflows).toEqual([]);
});

/** Every value of a JSON tree, by its path. */
function* placesOf(value: unknown, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, part] of Object.entries(value))
    yield* placesOf(part, [...path, Array.isArray(value) ? Number(key) : key]);
}

/** A copy with another value at a place; undefined: without it. */
function changed(value: unknown, path: readonly (string | number)[], to: unknown): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return to;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  copy[part] = changed(copy[part], rest, to);
  return copy;
}

it("whatever stands where the format has something else, it is said at its place, with what may stand there", () => {
  const file = JSON.parse(exampleText);
  for (const path of placesOf(file)) {
    // Types are JSON Schema, which checks itself.
    if (path[0] === "$defs" && path.length > 2) continue;
    for (const wrong of [null, 0, -1.5, true, "", "x y", ["x y"], { "x y": 1 }]) {
      const text = JSON.stringify(changed(file, path, wrong), null, 1);
      const { source } = readProcess("processes/p.json", text);
      for (const { code, message, hint, where } of source.findings) {
        const said = `${path.join(".")} = ${JSON.stringify(wrong)}: ${message} ${hint}`;
        expect(code, said).toBe("EJS2503");
        expect(`${message} ${hint ?? ""}`, said).toMatch(/must be|has no|no member|no operation|no name|longer than/);
        expect(`${message} ${hint ?? ""}`, said).not.toMatch(/[Ii]nvalid|undefined|of its format|\[object/);
        expect(where?.line, said).toBeGreaterThan(0);
        const line = text.split("\n")[(where?.line ?? 1) - 1] ?? "";
        expect(line.length, said).toBeGreaterThanOrEqual((where?.column ?? 1) - 1 + (where?.length ?? 0));
      }
    }
  }
});

it("a condition may ask which fields have changed", async () => {
  const trigger = { kind: "model", entity: "Order", event: "update", condition: "changed.total && !changed.status" };
  const file = {
    kind: "process",
    name: "orders.watch",
    version: 1,
    type: "backgroundJob",
    execution: { model: "eventDriven" },
    as: "system",
    trigger,
    $defs: { Row: { type: "object", properties: { id: { type: "string", format: "uuid" } }, required: ["id"] } },
    outputs: {},
    errors: {},
    uses: {},
    nodes: {
      start: { op: "start", out: { order: "Row" } },
      say: { op: "log", in: { order: "Row" }, message: "changed" },
    },
    edges: [["start.order", "say.order"]],
  };
  const { findings, workflows } = await compiled(JSON.stringify(file));
  expect(findings).toEqual([]);
  expect(workflows.map((workflow) => workflow.trigger)).toEqual([trigger]);
});

it("all mistakes of all files are found at once, each at its place", async () => {
  const text = exampleText
    .replace('"entity": "Order"', '"entity": "Ordr"')
    .replace("size(order.lines)", "size(order.line)");
  const { findings } = await compiled(text, "{", exampleText.replace('"version": 3', '"version": 0'));
  expect(findings.map(({ where, code }) => `${where?.file}:${where?.line}:${where?.column} ${code}`)).toEqual([
    "processes/p0.json:39:53 EJS2012",
    "processes/p0.json:68:17 EJS2530",
    expect.stringMatching(/^processes\/p1\.json:1:\d EJS2501$/),
    "processes/p2.json:5:14 EJS2503",
  ]);
});

it("an empty file, one that is nested without end, one that ends in the middle: each has one finding at its place", async () => {
  const { findings } = await compiled("", "[".repeat(200_000), exampleText.slice(0, exampleText.indexOf('"nodes"')));
  expect(findings.map(({ code, message, where }) => [code, message, where?.line, where?.column])).toEqual([
    ["EJS2501", "processes/p0.json is empty.", 1, 1],
    ["EJS2501", "processes/p1.json is nested more than 100 levels deep.", 1, 101],
    ["EJS2501", expect.stringContaining("expected"), 25, 3],
  ]);
});

it("a circle is said once, without what follows from it", async () => {
  const text = exampleText
    .replace('"in": {"order": "Order"},\n      "cases"', '"in": {"order": "Void"},\n      "cases"')
    .replace('["start.order", "any.order"]', '["charge.ok", "any.order"]');
  const { findings } = await compiled(text);
  const codes = findings.map(({ code }) => code);
  expect(codes.filter((code) => code === "EJS2523")).toHaveLength(1);
  expect(codes).not.toContain("EJS2522");
});

it("what is wrong in a body is found in it", async () => {
  const process = {
    kind: "process",
    name: "loops",
    version: 1,
    type: "orchestratedWorkflow",
    execution: { model: "async" },
    $defs: { Ids: { type: "array", items: { type: "string" } }, Text: { type: "string" }, Int: { type: "integer" } },
    input: "Ids",
    outputs: { all: "Ids" },
    uses: { services: { payments: ["createCharge"] }, http: { "api.example.com": ["GET"] } },
    nodes: {
      start: { op: "start", out: { ids: "Ids" } },
      each: {
        op: "forEach",
        in: { ids: "Ids" },
        items: "ids",
        out: { results: "Ids", ids: "Ids" },
        nodes: {
          start: { op: "start", out: { itm: "Text", item: "Int" } },
          ask: { op: "http.request", url: '"https://api.example.org/" + id', in: { id: "Text" } },
          give: { op: "output", in: { value: "Text" }, output: "all" },
        },
        edges: [
          ["start.itm", "ask.id"],
          ["start.item", "give.value"],
        ],
      },
      undo: { op: "compensate", of: "charge", in: { ids: "Ids" }, nodes: {}, edges: [] },
      done: { op: "output", in: { value: "Ids" }, output: "all" },
    },
    edges: [
      ["start.ids", "each.ids"],
      ["start.ids", "undo.ids"],
      ["each.results", "done.value"],
    ],
  };
  const { findings } = await compiled(JSON.stringify(process));
  const said = findings.filter(({ severity }) => severity === "error").map(({ code, message }) => `${code} ${message}`);
  expect(said.toSorted()).toEqual([
    "EJS2512 start.item does not fit give.value: integer, not string.",
    'EJS2513 each: an item of ids is string, not int, as "item" of its start says.',
    'EJS2514 start: its body is given no "itm".',
    "EJS2524 undo: its body has no start; it begins with one start.",
    'EJS2528 There are two nodes "start": the ids of bodies are told apart, too.',
    "EJS2529 give: the result of an item has no name.",
    'EJS2530 undo: there is no node "charge".',
    'EJS2540 each.nodes.ask.url: uses does not list http.api.example.org: "GET".',
  ]);
});

it("two processes of one name", async () => {
  const { findings } = await compiled(exampleText, exampleText);
  expect(findings.map(({ code, where }) => [code, where?.file])).toEqual([["EJS2504", "processes/p1.json"]]);
});

it("a signal that is given and not declared, and one that is declared and not given", async () => {
  const process = {
    kind: "process",
    name: "tells",
    version: 1,
    type: "orchestratedWorkflow",
    execution: { model: "async" },
    $defs: { Key: { type: "string" } },
    input: "Key",
    uses: { signals: ["old"] },
    nodes: {
      start: { op: "start", out: { key: "Key" } },
      tell: { op: "signal", signal: "told", key: "key", in: { key: "Key" } },
    },
    edges: [["start.key", "tell.key"]],
  };
  const { findings } = await compiled(JSON.stringify(process));
  expect(findings.map(({ code, message, hint }) => [code, message, hint])).toEqual([
    ["EJS2541", 'uses lists the signal "old", and no node needs it.', expect.anything()],
    [
      "EJS2540",
      'tell.signal: uses does not list the signal "told".',
      expect.stringContaining('Add it: "uses": {"signals": ["old","told"]}.'),
    ],
  ]);
});

it("what is declared and never used is a warning", async () => {
  const text = exampleText
    .replace('["transaction", "write"]', '["read", "transaction", "write"]')
    .replace('{"order-events": ["publish"]}', '{"order-events": ["consume", "publish"]}')
    .replace('"Int": {', '"Extra": {"type": "string"},\n    "Int": {');
  const { findings, workflows } = await compiled(text);
  expect(findings.map(({ code, severity, message }) => `${code} ${severity} ${message}`)).toEqual([
    'EJS2541 warning The type "Extra" is never used.',
    'EJS2541 warning uses lists databases.main: "read", and no node needs it.',
    'EJS2541 warning uses lists queues.order-events: "consume", and no node needs it.',
  ]);
  expect(workflows).toHaveLength(1);
});
