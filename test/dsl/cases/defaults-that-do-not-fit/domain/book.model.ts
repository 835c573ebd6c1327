import { decimal, entity, integer, slug, text } from "enginejs";

// Each would be refused by the column's own type or CHECK, when the first row is made.
entity("Book", {
  fields: {
    isbn: text().pattern(/^[0-9]{5}$/).default("abc"),
    code: slug().default("two words"),
    short: slug().max(3).default("long"),
    price: decimal(5, 2).default("1234.5"),
    tax: decimal(5, 2).default("0.125"),
    pages: integer().default(3_000_000_000),
    fine: decimal(5, 2).default("-001.50"),
  },
});
