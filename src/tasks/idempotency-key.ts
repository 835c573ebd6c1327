import type { Step } from "./run.ts";

/** The same for every attempt at a step of a run, and for no other: `run:path`. */
export const idempotencyKey = ({ run, path }: Step): string => `${run.id}:${path}`;
