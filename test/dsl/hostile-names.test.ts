/** Names and texts that would break out of SQL, a comment or an object: refused, or kept as they are. No slot may throw. */
import { afterEach, describe, expect, test } from "vitest";
import { beginCollection, buildSystem, endCollection } from "../../src/dsl/index.ts";
import * as dsl from "../../src/dsl/language.ts";
import { canonicalText, type System } from "../../src/model/index.ts";

const HOSTILE = [
  "",
  " ",
  "a b",
  "it's",
  'say "hi"',
  "back\\slash",
  "$$; drop schema app cascade; --",
  "*/ select 1 /*",
  "line\nbreak",
  "nul\0",
  "half \ud800",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "prototype",
  "Größe",
  "日本",
  "\u202eright to left",
  "a".repeat(101),
  "a".repeat(5_000),
].map((text) => ({ text, title: JSON.stringify(text).slice(0, 40) }));

// Whatever a caller without types would write.
// biome-ignore lint/suspicious/noExplicitAny: that is what the test is about
const d = dsl as any;

function build(declare: () => void, config: object = {}) {
  const collection = beginCollection();
  d.defineConfig({
    tenancy: { entity: "Tenant", membership: "Membership" },
    actor: { entity: "User" },
    roles: { member: {} },
    ...config,
  });
  d.entity("Tenant", { tenant: false, fields: { name: d.text() } });
  d.entity("User", { tenant: false, fields: { name: d.text() } });
  d.entity("Membership", { fields: { user: d.ref("User").required(), roles: d.roles().required() } });
  declare();
  return buildSystem(collection, { root: "/project" });
}

afterEach(endCollection);

const fields = () => ({ name: d.text(), status: d.state(["new", "old"], { initial: "new" }) });
/** An object with one key of its own, whatever its name: a literal's `__proto__` would be none. */
const keyed = (key: string, value: unknown) => Object.fromEntries([[key, value]]);

/** Slots that take a name: only names of the model's own form pass. */
const names: Record<string, (text: string) => void> = {
  entity: (text) => d.entity(text, { fields: fields() }),
  table: (text) => d.entity("Thing", { table: text, fields: fields() }),
  field: (text) => d.entity("Thing", { fields: keyed(text, d.text()) }),
  reference: (text) => d.entity("Thing", { fields: { other: d.ref(text) } }),
  "many side": (text) => d.entity("Thing", { fields: { others: d.array(d.ref(text)) } }),
  via: (text) => d.entity("Thing", { fields: { others: d.array(d.ref("Thing")).via(text), thing: d.ref("Thing") } }),
  rule: (text) =>
    d.entity("Thing", {
      fields: fields(),
      rules: keyed(
        text,
        d.check(({ row }: { row: { name: { ne(text: string): unknown } } }) => row.name.ne("x"), "no"),
      ),
    }),
  action: (text) => d.entity("Thing", { fields: fields(), actions: keyed(text, d.action()) }),
  "action input": (text) =>
    d.entity("Thing", { fields: fields(), actions: { go: d.action({ input: keyed(text, d.text()) }) } }),
  "from state": (text) => d.entity("Thing", { fields: fields(), actions: { go: d.action().from(text).to("old") } }),
  view: (text) => d.entity("Thing", { fields: fields(), views: keyed(text, d.view()) }),
  "view column": (text) => d.entity("Thing", { fields: fields(), views: { list: d.view().columns([text]) } }),
  "index field": (text) => d.entity("Thing", { fields: fields(), indexes: [d.index(text)] }),
  command: (text) => d.entity("Thing", { fields: fields(), policies: d.allow(text, "all").when(always) }),
  "task effect": (text) => d.entity("Thing", { fields: fields(), actions: { go: d.action().effect(d.task(text)) } }),
  workflow: (text) => {
    const thing = d.entity("Thing", { fields: fields() });
    d.workflow(text, { on: thing.created(), steps: (flow: Flow) => flow.log("a", "b") });
  },
  step: (text) => {
    const thing = d.entity("Thing", { fields: fields() });
    d.workflow("w", { on: thing.created(), steps: (flow: Flow) => flow.log(text, "b") });
  },
  "action of a policy": (text) =>
    d.entity("Thing", { fields: fields(), policies: d.allow(["read", text], "all").when(always) }),
  "action of a short policy": (text) => d.entity("Thing", { fields: fields(), policies: d.deny(keyed(text, always)) }),
  "flag of a policy": (text) =>
    d.entity("Thing", { fields: fields(), policies: d.allow("read", "all").flag(text).when(always) }),
  "first moment of a policy": (text) =>
    d.entity("Thing", { fields: fields(), policies: d.allow("read", "all").from(text).when(always) }),
  "entity that one can": (text) =>
    d.entity("Thing", { fields: fields(), policies: d.allow("read", "all").when(d.can(text, "read")) }),
  "action that one can": (text) =>
    d.entity("Thing", { fields: fields(), policies: d.allow("read", "all").when(d.can("Thing", text)) }),
  permission: (text) => d.entity("Thing", { fields: fields(), policies: d.allow("read", "all").when(d.can(text)) }),
  "reference to follow": (text) =>
    d.entity("Thing", {
      fields: fields(),
      policies: d
        .allow("read", "all")
        .when(({ row }: { row: { ancestors(text: string): { size(): { gt(n: number): unknown } } } }) =>
          row.ancestors(text).size().gt(0),
        ),
    }),
  "option of an entity": (text) => d.entity("Thing", { fields: fields(), ...keyed(text, 1) }),
};

interface Flow {
  log(id: string, message: string): Flow;
}
const always = ({ actor }: { actor: { id: { notNull(): unknown } } }) => actor.id.notNull();

describe.each(Object.entries(names))("as the name of: %s", (_slot, declare) => {
  test.each(HOSTILE)("$title is refused", ({ text }) => {
    const built = build(() => declare(text));
    expect(built.diagnostics?.length ?? 0).toBeGreaterThan(0);
    for (const { message } of built.diagnostics ?? []) expect(message).not.toContain("\0");
  });
});

/** Slots of the config; its form is checked before by the loader, the names once more by the compiler. */
const settings: Record<string, (text: string) => object> = {
  claim: (text) => ({ actor: { entity: "User", claims: keyed(text, () => 1) } }),
  flag: (text) => ({ flags: keyed(text, {}) }),
  permission: (text) => ({ permissions: keyed(text, "to do it") }),
  "entity that a role can": (text) => ({ roles: { member: { can: keyed(text, "*") } } }),
  "action that a role can": (text) => ({ roles: { member: { can: { User: [text] } } } }),
  "subject of a consent": (text) => ({ consents: keyed(text, "why") }),
  "permission of a role": (text) => ({ roles: { member: { permissions: [text] } } }),
};

describe.each(Object.entries(settings))("as the config's name of: %s", (_slot, config) => {
  test.each(HOSTILE)("$title is refused", ({ text }) => {
    const built = build(() => {}, config(text));
    expect(built.diagnostics?.length ?? 0).toBeGreaterThan(0);
    for (const { message } of built.diagnostics ?? []) expect(message).not.toContain("\0");
  });
});

/** Slots that take a text for people: what PostgreSQL can hold is kept as it is, everything else refused. */
const texts: Record<string, { declare: (text: string) => void; read: (system: System) => unknown }> = {
  "describe of an entity": {
    declare: (text) => d.entity("Thing", { describe: text, fields: fields() }),
    read: (system) => thing(system).description,
  },
  "describe of a field": {
    declare: (text) => d.entity("Thing", { fields: { name: d.text().describe(text) } }),
    read: (system) => thing(system).fields.find(({ name }) => name === "name")?.description,
  },
  "sentence of a policy": {
    declare: (text) => d.entity("Thing", { fields: fields(), policies: d.allow("read", text).when(always) }),
    read: (system) => thing(system).policies[0]?.name,
  },
  "sentence of a deny": {
    declare: (text) =>
      d.entity("Thing", {
        fields: fields(),
        policies: [d.allow("read", "all").when(always), d.deny("read", text).when(always)],
      }),
    read: (system) => thing(system).policies.find(({ effect }) => effect === "deny")?.name,
  },
  "consent of a policy": {
    declare: (text) =>
      d.entity("Thing", { fields: fields(), policies: d.allow("read", "all").consent(text).when(always) }),
    read: (system) => thing(system).policies[0]?.consent,
  },
  "sentence of a read rule": {
    declare: (text) => d.entity("Thing", { fields: { name: d.text().readable(always, text) } }),
    read: (system) => thing(system).fields.find(({ name }) => name === "name")?.access?.read?.name,
  },
  "sentence of a write rule": {
    declare: (text) => d.entity("Thing", { fields: { name: d.text().writable(always, text) } }),
    read: (system) => thing(system).fields.find(({ name }) => name === "name")?.access?.write?.name,
  },
  "message of a rule": {
    declare: (text) =>
      d.entity("Thing", {
        fields: fields(),
        rules: { r: d.check(({ row }: { row: { name: { ne(text: string): unknown } } }) => row.name.ne("x"), text) },
      }),
    read: (system) => thing(system).checks.find(({ name }) => name === "thing_r_check")?.message,
  },
  "sentence of a guard": {
    declare: (text) => d.entity("Thing", { fields: fields(), actions: { go: d.action().guard(always, text) } }),
    read: (system) => thing(system).actions[0]?.guards[0]?.message,
  },
  "name of a state": {
    declare: (text) => d.entity("Thing", { fields: { status: d.state([text], { initial: text }) } }),
    read: (system) => {
      const field = thing(system).fields.find(({ name }) => name === "status");
      return field?.type.kind === "state" ? field.type.states[0] : undefined;
    },
  },
  "default of a text": {
    declare: (text) => d.entity("Thing", { fields: { name: d.text().default(text) } }),
    read: (system) => {
      const value = thing(system).fields.find(({ name }) => name === "name")?.default;
      return value?.kind === "value" ? value.value : undefined;
    },
  },
  "constant in an expression": {
    declare: (text) =>
      d.entity("Thing", {
        fields: fields(),
        policies: d
          .allow("read", "named")
          .when(({ row }: { row: { name: { eq(text: string): unknown } } }) => row.name.eq(text)),
      }),
    // Quoted and escaped there; that it reads back is the expression language's own test.
    read: () => undefined,
  },
  "tab of a layout": {
    declare: (text) => d.entity("Thing", { fields: fields(), views: { list: d.view().layout(d.tabs(text)) } }),
    read: (system) => thing(system).views[0]?.layout?.tabs[0],
  },
  "message of a log": {
    declare: (text) => {
      const entity = d.entity("Thing", { fields: fields() });
      d.workflow("w", { on: entity.created(), steps: (flow: Flow) => flow.log("a", text) });
    },
    read: (system) => {
      const node = system.workflows[0]?.nodes[1];
      return node?.kind === "log" ? node.message : undefined;
    },
  },
  "note in meta": {
    declare: (text) => d.entity("Thing", { fields: fields(), meta: keyed("note", text) }),
    read: (system) => thing(system).meta?.note,
  },
};

function thing(system: System) {
  const found = system.entities.find(({ name }) => name === "Thing");
  if (found === undefined) throw new Error("the system has no Thing");
  return found;
}

describe.each(Object.entries(texts))("as the text of: %s", (slot, { declare, read }) => {
  test.each(HOSTILE)("$title is refused or kept", ({ text }) => {
    const built = build(() => declare(text));
    if (built.diagnostics !== undefined) {
      expect(built.diagnostics.length).toBeGreaterThan(0);
      return;
    }
    if (slot !== "constant in an expression") expect(read(built.system)).toBe(text);
    const bytes = canonicalText(built.system);
    expect(bytes.isWellFormed()).toBe(true);
    // What jsonb cannot hold.
    expect(bytes).not.toContain("\\u0000");
  });

  test("an ordinary one passes", () => {
    expect(build(() => declare('It\'s "fine"')).diagnostics).toBeUndefined();
  });
});

test("an object without a name for its prototype", () => {
  const built = build(() => d.entity("Thing", { fields: { __proto__: d.text() } }));
  expect(built.diagnostics?.map(({ code }) => code)).toEqual(["EJS2102"]);
});
