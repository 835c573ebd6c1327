import { on } from "enginejs";

export const creatd = on("Order.created", () => undefined);
