/** Our server as `enginejs serve` starts it: same limits, same checks, log at level warn as in production under load. */
import pino from "pino";
import { createServer } from "../../src/server/index.ts";
import { answerUsage } from "./report-usage.ts";

const server = await createServer({
  database: process.env.DATABASE_URL as string,
  jwt: { secret: process.env.JWT_SECRET as string },
  port: 0,
  host: "127.0.0.1",
  log: pino({ level: "warn" }),
});
answerUsage(server.port);
