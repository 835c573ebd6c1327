import { manual, queue, workflow } from "enginejs";
import { z } from "zod";

queue("stock-moves", { message: z.object({ pieces: z.int() }), publish: ["billing"] });
workflow("count", { on: manual(z.object({ pieces: z.int() }), { roles: ["billing"] }), steps: (flow) => flow.log("counted", "counted") });
