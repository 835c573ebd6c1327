/** What a statement comes to: rows, or an SQLSTATE. */
import type { Decision } from "./decision.ts";
import type { StoredRow } from "./world.ts";

export type Outcome =
  /** The rows that it touched, as they are afterwards; those of a delete as they were. */
  | { readonly kind: "rows"; readonly rows: readonly StoredRow[]; readonly decisions: readonly Decision[] }
  | {
      readonly kind: "refused";
      /** Several where it depends on the order in which the database meets the rows. */
      readonly sqlStates: readonly string[];
      /** `no rule allows it`, `15_member`, `invoice_number_key`: what refused. */
      readonly by: string;
      readonly decisions: readonly Decision[];
    };

export type Refusal = Extract<Outcome, { kind: "refused" }>;

export const refused = (sqlState: string, by: string, ...decisions: readonly Decision[]): Refusal => ({
  kind: "refused",
  sqlStates: [sqlState],
  by,
  decisions,
});

export const rowsOf = (rows: readonly StoredRow[], ...decisions: readonly Decision[]): Outcome => ({
  kind: "rows",
  rows,
  decisions,
});
