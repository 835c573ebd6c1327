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
/** A task: `send-receipt`, or with its folder `payments/create-charge`, which is `tasks/payments/create-charge.ts`. */
export const taskName = z
  .string()
  .regex(/^([a-z][A-Za-z0-9]*([-_.][A-Za-z0-9]+)*\/)?[a-z][A-Za-z0-9]*([-_.][A-Za-z0-9]+)*$/);
/** A permission: `Invoice.pay`, `reports.export`. */
export const permissionName = z.string().regex(/^[A-Za-z][A-Za-z0-9]*([-_.][A-Za-z0-9]+)*$/);
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

/** PostgreSQL cuts longer names silently. */
const LONGEST_NAME = 63;

/**
 * The name of a derived object: `invoice_customer_id_idx`. Where it is longer than PostgreSQL allows, it is cut and ends in
 * eight hexadecimal digits of a hash of the whole, so that two long names stay two.
 *
 * @example objectName("invoice", "customer_id", "idx") // "invoice_customer_id_idx"
 */
export function objectName(...parts: readonly string[]): string {
  const whole = parts.join("_");
  if (whole.length <= LONGEST_NAME) return whole;
  return `${whole.slice(0, LONGEST_NAME - 9)}_${shortHash(whole)}`;
}

/** FNV-1a, 32 bits, as eight hexadecimal digits: tells names apart, protects nothing. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, "0");
}
