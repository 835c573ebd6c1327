import { action, entity, integer, ref, text } from "enginejs";

// PostGraphile has types of its own for geometry: no model needs them, and these may be called so.
entity("Point", { fields: { x: integer() } });
entity("Path", { fields: { length: integer() } });

entity("Line", {
  fields: {
    primaryKey: text(),
    before: ref("Point"),
    beforeId: text().computed(({ row }) => row.note),
    note: text(),
  },
  actions: {
    // With PaperLine.create: both would be the mutation createPaperLine.
    createPaper: action(),
    go: action({ input: { targetRow: integer(), found: text(), clientMutationId: text() } }),
  },
});
entity("PaperLine", { fields: {} });
entity("LineFilter", { fields: {} });
entity("GoLineInput", { fields: {} });
entity("StringList", { fields: {} });

entity("Pay", { fields: { kind: text(), invoice: text().computed(({ row }) => row.kind) } });
entity("Invoice", { fields: {}, actions: { pay: action() } });
