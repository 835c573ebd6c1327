import { every, manual, workflow } from "enginejs";
import { z } from "zod";

// biome-ignore lint/suspicious/noExplicitAny: what a person without types may write
const wrong = (value: unknown): any => value;
const steps = wrong((flow: { log(id: string, text: string): unknown }) => flow.log("say", "hello"));

workflow("nobody-waits", { on: every("1h"), as: "system", execution: "sync", steps });
workflow("how", { on: manual(), execution: wrong("synchronous"), steps });
workflow("not-a-callback", { on: manual(undefined, { allow: wrong("billing") }), steps });
workflow("no-such-name", {
  on: manual(z.object({ amount: z.int() }), { allow: ({ input }) => wrong(input).amuont.lt(1) }),
  steps,
});
workflow("no-condition", { on: manual(undefined, { allow: ({ actor }) => wrong(actor).id }), steps });
