/** Numbers among the options of commands, checked as commander reads them. */
import { InvalidArgumentError } from "commander";

export function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new InvalidArgumentError("A port is a number from 0 to 65535.");
  return port;
}

export function positiveNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError("It is a number from 1 to 99999.");
  return Number(text);
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It is a whole number with at most nine digits.");
  return Number(text);
}

export function percentage(text: string): number {
  if (!/^\d{1,3}(\.\d+)?$/.test(text) || Number(text) > 100) {
    throw new InvalidArgumentError("It is a number from 0 to 100.");
  }
  return Number(text);
}
