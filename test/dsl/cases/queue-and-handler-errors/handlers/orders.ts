import { on } from "enginejs";

export const creatd = on("Order.creatd", () => undefined);
export const nobody = on("Ordr.created", () => undefined);
export const queued = on("order-evnts", () => undefined);
export const conditional = on("order-events", () => undefined, { when: ({ after }) => after.status.eq("paid") });
export const options = on("Order.created", () => undefined, { retries: 3 } as never);
export const when = on("Order.updated", () => undefined, { when: ({ after }) => after.statu.eq("paid") });
on("Order.created", () => undefined);
export const number = on(7 as never, () => undefined);
export const twice = on("Order.pay", () => undefined);
export const again = twice;
