/**
 * Where each node of the IR was written. It stands beside the IR and outside its
 * hash: moving a model to another line changes no database.
 *
 * Keys are paths of names, not of positions: `Invoice`, `Invoice.fields.subtotal`,
 * `Invoice.policies.members read their tenant's invoices`, `Invoice.actions.pay`,
 * `workflows.receipt-on-paid.mail`, `roles.billing`.
 */
import { z } from "zod";

export const sourceLocation = z.strictObject({
  /** Relative to the project. */
  file: z.string(),
  line: z.int().positive(),
  column: z.int().positive(),
  length: z.int().nonnegative().optional(),
});

export const sourceMap = z.record(z.string(), sourceLocation);
export type SourceMap = z.infer<typeof sourceMap>;
