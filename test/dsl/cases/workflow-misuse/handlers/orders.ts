import { on } from "enginejs";

const wrong = (value: unknown): never => value as never;

export const nothing = on("Order.created", wrong("tell sales"));
