import { action, allow, array, entity, integer, ref, rule, text } from "enginejs";

const anybody = rule("anybody", ({ row }) => row.id.notNull());

// `n` and `o` are aliases of the emit functions, `model` and `origin` their variables.
entity("Point", {
  fields: {
    n: integer(),
    o: integer(),
    model: text(),
    actor2: text(),
    origin: text(),
    event: text(),
    photoURL: text(),
    x2y: text(),
    ownerID: ref("Point"),
    owned: array(ref("Point")),
    twice: integer().computed(({ row }) => row.n.times(2)),
  },
  policies: allow({ read: anybody, write: anybody }),
  actions: {
    move: action({ input: { n: integer(), model: text(), toURL: text() } }).guard(
      ({ row, input }) => row.n.eq(input.n).and(row.model.eq(input.model)),
      "must be the same",
    ),
  },
});

for (const name of ["Person", "People", "News", "Box", "Path"]) {
  entity(name, { fields: { name: text() }, policies: allow({ read: anybody, write: anybody }) });
}
