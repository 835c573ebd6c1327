import { defineTask } from "enginejs";
import { z } from "zod";

export default defineTask({
  input: z.object({ to: z.email(), receipt: z.uuid(), note: z.string().optional() }),
  output: z.object({ messageId: z.string() }),
  async run({ input, event, actor, idempotencyKey, query, signal, log }) {
    const to: string = input.to;
    const note: string | undefined = input.note;
    const { rows } = await query<{ name: string }>("select name from app.tenant where id = $1", [actor.tenant]);
    log.info(`to ${to}`, { note, model: event.model, name: rows[0]?.name, aborted: signal.aborted });
    return { messageId: idempotencyKey };
  },
});
