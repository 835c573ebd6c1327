import { definePlugin, defineTask, outcome, readSetting, type Setting } from "enginejs";
import { z } from "zod";

interface AcmeOptions {
  readonly token: Setting;
  readonly team?: string;
}

export const acme = ({ token, team = "all" }: AcmeOptions) =>
  definePlugin({
    name: "acme",
    version: "1.0.0",
    describe: "Orders at Acme",
    steps: {
      "place-order": defineTask({
        input: z.object({ sku: z.string(), pieces: z.int(), note: z.string().optional() }),
        output: z.object({ number: z.string() }),
        async run({ input, idempotencyKey, signal, log }) {
          log.info("ordering", { pieces: input.pieces.toFixed(), aborted: signal.aborted });
          return { number: [readSetting(token), team, input.sku.trim(), idempotencyKey].join() };
        },
      }),
      choose: defineTask({ run: async ({ actor }) => outcome("ok", { id: actor.id }) }),
    },
  });
