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
  "database:before-begin",
  "database:after-begin-request",
  "database:after-statement",
  "database:after-checkpoint",
  "database:after-commit",
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

/** Those that only runs come by which wait, start others, or are undone. */
export const WAIT_FAILPOINTS = [
  "wait:before",
  "wait:after",
  "park:before",
  "park:after",
  "resume:before",
  "resume:after",
  "child:before-commit",
  "child:after-commit",
  "child:ended",
  "child:told",
  "compensate:before",
  "compensate:after",
  "wake:woken",
] as const;

/** Those that only runs come by which take turns. */
export const TURN_FAILPOINTS = ["relay:after-hold", "turn:before", "turn:after"] as const;

/** Those of whoever gives back what a dead worker held. */
export const REAP_FAILPOINTS = ["reap:after"] as const;

/** Those that only jobs come by which find no hand free. */
export const BUSY_FAILPOINTS = ["hand-on:before", "hand-on:after"] as const;

/** Those of the scheduler. */
export const SCHEDULE_FAILPOINTS = [
  "schedule:before",
  "schedule:after",
  "moments:after-take",
  "moments:before-commit",
  "moments:after-commit",
] as const;

/** Those that only runs come by of which several steps are one transaction. */
export const TRANSACTION_FAILPOINTS = ["transaction:between-steps"] as const;

/** Those that only steps come by which give a signal. */
export const SIGNAL_FAILPOINTS = ["signal:after-key", "signal:after-payload", "signal:before-send"] as const;

/** Those of webhooks that go out. */
export const WEBHOOK_FAILPOINTS = ["webhook:after-claim", "webhook:after-post", "webhook:after-record"] as const;

export type Failpoint =
  | (typeof FAILPOINTS)[number]
  | (typeof WAIT_FAILPOINTS)[number]
  | (typeof TURN_FAILPOINTS)[number]
  | (typeof REAP_FAILPOINTS)[number]
  // Those that only runs come by whose end somebody waits for.
  | "tell:before"
  | "tell:after"
  | (typeof BUSY_FAILPOINTS)[number]
  | (typeof TRANSACTION_FAILPOINTS)[number]
  | (typeof SIGNAL_FAILPOINTS)[number]
  | (typeof WEBHOOK_FAILPOINTS)[number]
  | (typeof SCHEDULE_FAILPOINTS)[number];

const armed = process.env.ENGINEJS_FAILPOINT;

/** Kills this process by SIGKILL where the test asked for it. */
export const failpoint: (name: Failpoint) => void =
  armed === undefined
    ? () => undefined
    : (name) => {
        if (name === armed) process.kill(process.pid, "SIGKILL");
      };
