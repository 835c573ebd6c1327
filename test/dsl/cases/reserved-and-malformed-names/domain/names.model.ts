import { entity, ref, text } from "enginejs";

entity("Order", { fields: { name: text() } });
entity("Group", { table: "user_group", fields: { name: text() } });
entity("Query", { fields: { name: text() } });
entity("invoice", { fields: { name: text() } });
entity("In'voice", { fields: { name: text() } });
entity("Bad", { table: 'x"; drop table y; --', fields: { name: text() } });
entity("AnEntityWhoseNameIsSoLongThatPostgresqlWouldCutItAfterSixtyThreeBytes", { fields: { name: text() } });
entity("Fields", {
  fields: {
    order: text(),
    orderedBy: ref("User"),
    user: ref("User"),
    constructor: text(),
    toString: text(),
    then: text(),
    xmin: text(),
    tableoid: text(),
    nodeId: text(),
    row: text(),
    $$: text(),
    "it's": text(),
    'say "hi"': text(),
    "back\\slash": text(),
    __typename: text(),
    Capital: text(),
    aFieldWhoseNameIsSoLongThatPostgresqlWouldCutItAfterSixtyThreeBytes: text(),
  },
});
entity("User", { fields: { name: text() } });
entity("Proto", { fields: { __proto__: text() } as never });
