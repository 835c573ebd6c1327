import { type DestinationStream, type Logger, type LoggerOptions, pino } from "pino";

/** Never written, whoever logs them. */
const redact = {
  paths: [
    "headers.authorization",
    "headers.cookie",
    'headers["x-api-key"]',
    "req.headers.authorization",
    "req.headers.cookie",
    'req.headers["x-api-key"]',
    "token",
    "secret",
    "password",
    "*.token",
    "*.secret",
    "*.password",
    "connectionString",
    "*.connectionString",
  ],
  censor: "[redacted]",
};

/** The server's log: one JSON object per line. */
export function createLog(options: LoggerOptions = {}, destination?: DestinationStream): Logger {
  const settings = { name: "enginejs", redact, ...options };
  return destination ? pino(settings, destination) : pino(settings);
}
