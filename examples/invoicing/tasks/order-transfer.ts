import { createHash } from "node:crypto";
import { defineTask, NonRetryableError } from "enginejs";
import { z } from "zod";
import { orderTransfer } from "../bank/transfer-orders.ts";

/** Orders a transfer. Its id is made of the idempotency key: a repeated attempt is the same order, not a second one. */
export default defineTask({
  input: z.object({ iban: z.string(), name: z.string(), amount: z.int().positive(), text: z.string() }),
  output: z.object({ transfer: z.string() }),
  async run({ input, idempotencyKey }) {
    // No attempt makes it a right one: the run fails at once.
    if (!isIban(input.iban)) throw new NonRetryableError(`${input.iban} is no IBAN`);
    const transfer = createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 32);
    await orderTransfer({ id: transfer, ...input });
    return { transfer };
  },
});

/** By its checksum: the letters are numbers from 10, the first four characters go to the end, and the remainder by 97 is 1. */
function isIban(text: string): boolean {
  if (!/^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$/.test(text)) return false;
  const digits = `${text.slice(4)}${text.slice(0, 4)}`.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return BigInt(digits) % 97n === 1n;
}
