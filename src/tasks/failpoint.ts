/**
 * Places where a test can have this process killed: between any two statements that matter. The environment variable
 * ENGINEJS_FAILPOINT names one, and only tests set it; without it the call does nothing at all.
 */
export const FAILPOINTS = [
  "relay:before-take",
  "relay:after-take",
  "relay:after-conditions",
  "relay:before-commit",
  "relay:after-commit",
  "claim:before",
  "claim:after",
  "create:before-begin",
  "create:after-begin-request",
  "create:after-insert",
  "create:after-checkpoint",
  "create:after-commit",
  "task:before-input",
  "task:after-input",
  "task:after-call",
  "checkpoint:before",
  "checkpoint:after",
  "retry:before",
  "retry:after",
  "finish:before",
  "finish:after",
  "job:before-delete",
  "job:after-delete",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

const armed = process.env.ENGINEJS_FAILPOINT;

/** Kills this process by SIGKILL where the test asked for it. */
export const failpoint: (name: Failpoint) => void =
  armed === undefined
    ? () => undefined
    : (name) => {
        if (name === armed) process.kill(process.pid, "SIGKILL");
      };
