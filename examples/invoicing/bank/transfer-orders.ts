import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface TransferOrder {
  /** The bank knows the transfer by it, and its report names it: the same order has the same id, however often it is written. */
  readonly id: string;
  readonly iban: string;
  readonly name: string;
  /** In cents. */
  readonly amount: number;
  readonly text: string;
}

/**
 * Orders lie as one file each in BANK_FOLDER (default: `.enginejs/bank`), from where the bank's own software takes them, as
 * accounting has done since there were files.
 */
const fileOf = (id: string): string =>
  join(process.env.BANK_FOLDER ?? join(import.meta.dirname, "..", ".enginejs", "bank"), `${id}.json`);

/** Gives an order to the bank. */
export async function orderTransfer(order: TransferOrder): Promise<void> {
  const file = fileOf(order.id);
  await mkdir(join(file, ".."), { recursive: true });
  // Written beside it and renamed: the bank never reads half an order, and a second attempt replaces the first.
  await writeFile(`${file}.part`, `${JSON.stringify({ ...order, currency: "EUR" }, undefined, 2)}\n`);
  await rename(`${file}.part`, file);
}

/** Takes an order back that the bank has not fetched; one that it has, or that is taken back already, is left alone. */
export const withdrawTransfer = (id: string): Promise<void> => rm(fileOf(id), { force: true });
