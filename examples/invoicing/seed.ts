import { readFile } from "node:fs/promises";
import { defineSeed } from "enginejs";

// Ids are fixed and tell what they name: 1… tenants, 2… users, 3… customers, 4… invoices, 5… lines, 6… receipts, 8… teams, a… refunds.
const acme = "10000000-0000-4000-8000-000000000001";
const globex = "10000000-0000-4000-8000-000000000002";
const bea = "20000000-0000-4000-8000-000000000001";
const max = "20000000-0000-4000-8000-000000000002";
const sam = "20000000-0000-4000-8000-000000000003";

/** Three companies, their people and customers, and 3,000 invoices with some 9,000 lines; the same on every machine. */
export default defineSeed({
  people: [
    { label: "biller", user: bea, tenant: acme, describe: "does the billing at Acme" },
    { label: "member", user: max, tenant: acme, describe: "works at Acme" },
    { label: "stranger", user: sam, tenant: globex, describe: "does the billing at Globex, and sees nothing of Acme" },
  ],
  async run({ query }) {
    for (const name of [
      "companies",
      "people",
      "memberships",
      "teams",
      "customers",
      "invoices",
      "invoice-lines",
      "margins",
      "receipts",
      "refunds",
    ]) {
      await query(await readFile(new URL(`seed/${name}.sql`, import.meta.url), "utf8"));
    }
  },
});
