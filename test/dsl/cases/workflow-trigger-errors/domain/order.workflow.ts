import { cron, env, every, manual, signal, webhook, workflow } from "enginejs";
import { Order } from "./order.model.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a person without types may write
const wrong = (value: unknown): any => value;
const steps = wrong((flow: { log(id: string, text: string): unknown }) => flow.log("say", "hello"));
const system = { as: "system", steps } as const;

workflow("too-often", { on: every("20ms"), ...system });
workflow("no-length", { on: every(wrong("often")), ...system });
workflow("four-fields", { on: cron("0 9 * *", "Europe/Berlin"), ...system });
workflow("no-hour", { on: cron("0 25 * * 1", "Europe/Berlin"), ...system });
workflow("no-zone", { on: cron("0 9 * * 1", "Europe/Berlim"), ...system });
workflow("no-catch-up", { on: cron("0 9 * * 1", "UTC", { catchUp: wrong("all") }), ...system });
workflow("nobody", { on: every("1h"), steps });
workflow("no-time", { on: Order.at(wrong("total"), "-2d"), ...system });
workflow("hidden-time", { on: Order.at(wrong("secretAt"), "-2d"), ...system });
workflow("misspelt-time", { on: Order.at(wrong("dueAd"), "-2d"), ...system });
workflow("no-offset", { on: Order.at("dueAt", wrong("two days")), ...system });
workflow("no-such-field", { on: Order.at("dueAt", "-2d", ({ row }) => wrong(row).state.eq("open")), ...system });
workflow("no-signal", { on: signal("Not A Name"), ...system });
workflow("open-secret", { on: webhook("a", { secret: wrong("hunter2"), scheme: "stripe" }), ...system });
workflow("no-scheme", { on: webhook("b", { secret: env("B"), scheme: wrong("strype") }), ...system });
workflow("no-header", { on: webhook("c", { secret: env("C"), scheme: "hmac-sha256-hex" }), ...system });
workflow("own-header", { on: webhook("d", { secret: env("D"), scheme: "github", header: "X-D" }), ...system });
workflow("inherits", { on: webhook("e", { secret: env("E"), scheme: "github" }), steps });
workflow("no-role", { on: manual(undefined, { roles: wrong(["biling"]) }), ...system });
workflow("no-record", { on: every("1h"), ordered: "record", ...system });
workflow("no-limit", { on: Order.on("pay"), concurrency: 0, ...system });
workflow("no-key", { on: Order.on("pay"), debounce: wrong({ key: "owner", pause: "1s" }), ...system });
workflow("no-period", { on: Order.on("pay"), rate: wrong({ limit: 2, every: "1s" }), ...system });
workflow("no-priority", { on: Order.on("pay"), priority: 1000, ...system });
workflow("wrong-key", { on: Order.on("pay"), ordered: { by: ({ event }) => wrong(event).after.ownerr.id }, ...system });
