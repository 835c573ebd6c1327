import { queue } from "enginejs";
import { z } from "zod";

queue("stock-moves", { message: z.object({ pieces: z.int() }) });
