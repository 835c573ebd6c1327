import { defineTask } from "enginejs";
import { z } from "zod";

const definition: any = { input: z.object({ a: z.string() }), ouput: z.object({ b: z.string() }), rum: () => ({ b: "b" }) };

export default defineTask(definition);
