import { action, entity, integer } from "enginejs";

// The word of a finding stands again further down, as a key: the finding is about the first.
entity("Book", {
  fields: { pages: integer() },
  actions: { read: action().guard(({ row, input }) => row.pages.gt(input.n)) },
});

entity("Chapter", { fields: { n: integer() } });
