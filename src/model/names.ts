/**
 * Names as the model holds them, and what they become in PostgreSQL.
 */
import { z } from "zod";

/** A field, action, step or view: `customer`, `dueAt`. Letters and digits, so that it is harmless in every slot it reaches. */
export const fieldName = z.string().regex(/^[a-z][A-Za-z0-9]*$/);
/** An entity: `InvoiceLine`. */
export const entityName = z.string().regex(/^[A-Z][A-Za-z0-9]*$/);
/** A workflow, task or role: `receipt-on-paid`, `billing`. */
export const slugName = z.string().regex(/^[a-z][A-Za-z0-9]*([-_.][A-Za-z0-9]+)*$/);
/** What stands in PostgreSQL: `invoice_line`. */
export const sqlName = z.string().regex(/^[a-z_][a-z0-9_]*$/);

/**
 * `dueAt` → `due_at`, `InvoiceLine` → `invoice_line`, `HTTPRequest2` → `http_request2`.
 */
export function snakeCase(name: string): string {
  return name
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
