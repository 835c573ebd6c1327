/**
 * The loop that posts webhooks: takes what is due by a lease (functions/webhook_claim.sql), posts it, and records how it went.
 * One in every worker. A worker that dies between posting and recording leaves a lease behind, which the others give back as
 * soon as it is declared dead: the same message is posted again, with the same id.
 */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import type { Build } from "./build.ts";
import { failpoint } from "./failpoint.ts";
import { type Loop, sleep, startLoop } from "./loop.ts";
import type { WebhookMetrics } from "./observe-metrics.ts";
import { signMessage } from "./sign-message.ts";
import { postWebhook, type WebhookAnswer } from "./webhook-post.ts";

export interface WebhookOptions {
  readonly pool: pg.Pool;
  readonly build: () => Build;
  /** The id under which this process is registered now. */
  readonly worker: () => number;
  readonly log: Log;
  readonly metrics: WebhookMetrics;
  /** How long a post may take until the answer's status, in milliseconds; 15 seconds unless given. */
  readonly timeout?: number;
}

/** Posts at the same time: of this process, of these to endpoints that fail, and to one endpoint by whomever. */
const HANDS = 64;
const FAILING_HANDS = 16;
const PER_ENDPOINT = 8;

/** How often it looks for what is due, in milliseconds. What a post leaves room for is looked for at once. */
const POLL = 500;
/** Between two looks at least, in milliseconds: what comes meanwhile is taken together. */
const PAUSE = 20;
/** As POLL, where the model offers no webhooks: an endpoint may be left of a build that did. */
const IDLE_POLL = 5_000;

/** How long a result is tried to be recorded, in milliseconds: less than what is left of the lease of 60 seconds. */
const RECORDING = 40_000;

/** How long the end of posts is waited for when the worker stops, in milliseconds. */
const PATIENCE = 3_000;

interface Claimed {
  readonly delivery: string;
  /** `msg_…`, the same for each attempt. */
  readonly message: string;
  readonly attempt: number;
  readonly url: string;
  /** The newest first. */
  readonly secrets: readonly string[];
  readonly body: string;
}

export interface WebhookLoop extends Loop {
  /** Something may be due: looks at once. */
  nudge(): void;
}

export function startWebhooks(options: WebhookOptions): WebhookLoop {
  const { pool, build, worker, log } = options;
  const stopped = new AbortController();
  // Cuts posts off that are not answered although everything is to end.
  const cut = new AbortController();
  const posting = new Set<Promise<void>>();
  let failing = 0;
  let released = Number.NEGATIVE_INFINITY;
  // Ends the sleep of the loop when a hand is free, or the relay has taken events.
  let wake = new AbortController();
  const loop = startLoop("webhooks", PAUSE, log, async () => {
    wake = new AbortController();
    if (performance.now() - released > 1_000) {
      await pool.query("select enginejs.webhook_release()");
      released = performance.now();
    }
    const claimer = worker();
    const { rows } = await pool.query<Claimed & { readonly failing: boolean }>(
      "select * from enginejs.webhook_claim($1, $2, $3, $4)",
      [claimer, HANDS - posting.size, Math.max(0, FAILING_HANDS - failing), PER_ENDPOINT],
    );
    if (rows.length > 0) failpoint("webhook:after-claim");
    for (const claimed of rows) {
      if (claimed.failing) failing += 1;
      const done = deliver(claimed, claimer, options, cut.signal)
        .catch((error: Error) => log.warn(`webhooks: ${error.message}`))
        .then(() => {
          if (claimed.failing) failing -= 1;
          posting.delete(done);
          wake.abort();
        });
      posting.add(done);
    }
    const poll = build().system.webhooks === undefined && posting.size === 0 ? IDLE_POLL : POLL;
    await sleep(poll, AbortSignal.any([stopped.signal, wake.signal]));
  });
  return {
    nudge() {
      if (build().system.webhooks !== undefined) wake.abort();
    },
    async stop() {
      stopped.abort();
      await loop.stop();
      const done = new AbortController();
      const all = Promise.all(posting).then(() => done.abort());
      await sleep(PATIENCE, done.signal);
      cut.abort();
      await all;
    },
  };
}

async function deliver(claimed: Claimed, claimer: number, options: WebhookOptions, cut: AbortSignal): Promise<void> {
  const { build, log, metrics, timeout = 15_000 } = options;
  const began = performance.now();
  const answer = await postWebhook({
    url: claimed.url,
    headers: headersOf(claimed),
    body: claimed.body,
    privateHosts: build().system.webhooks?.privateHosts ?? [],
    timeout,
    signal: cut,
  });
  // Its lease goes with this worker, and others post it again.
  if (cut.aborted && answer.status === null) return;
  failpoint("webhook:after-post");
  const seconds = (performance.now() - began) / 1_000;
  const status = await record(claimed, claimer, answer, Math.round(seconds * 1_000), options, cut);
  failpoint("webhook:after-record");
  metrics.posts.observe({ result: answer.error === null ? "success" : "failure" }, seconds);
  if (status === "failed") {
    log.warn(`a webhook is given up after ${claimed.attempt} attempts: ${answer.error}`, {
      delivery: claimed.delivery,
    });
  } else if (status === "lost")
    log.info("a webhook was posted that another worker has taken", { delivery: claimed.delivery });
}

function headersOf({ message, secrets, body }: Claimed): Readonly<Record<string, string>> {
  // The time is the attempt's, so that receivers may refuse what is old.
  const time = Math.floor(Date.now() / 1_000);
  const signed = secrets.map((secret) => signMessage(secret, message, time, body));
  return {
    "content-type": "application/json",
    "user-agent": "EngineJS webhooks",
    ...signed[0],
    // During a rotation both count.
    "webhook-signature": signed.map((headers) => headers["webhook-signature"]).join(" "),
  };
}

/** Tries until the lease is nearly over: a result that is not recorded means that the same is posted again. */
async function record(
  { delivery, attempt }: Claimed,
  claimer: number,
  { status, error, answer, retryAfter }: WebhookAnswer,
  milliseconds: number,
  { pool }: WebhookOptions,
  cut: AbortSignal,
): Promise<string> {
  const until = performance.now() + RECORDING;
  for (;;) {
    try {
      const { rows } = await pool.query<{ status: string }>(
        "select enginejs.webhook_record($1, $2, $3, $4, $5, $6, $7, $8) as status",
        [delivery, claimer, attempt, status, error, milliseconds, answer, retryAfter],
      );
      return rows[0]?.status ?? "lost";
    } catch (failure) {
      if (performance.now() > until || cut.aborted) throw failure;
      await sleep(500 + 500 * Math.random(), cut);
    }
  }
}
