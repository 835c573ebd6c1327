import { NonRetryableError } from "../../dsl/non-retryable-error.ts";
import type { NodeOf } from "../../model/index.ts";
import { evaluate } from "../database-step.ts";
import { exactText } from "../exact-json.ts";
import { failpoint } from "../failpoint.ts";
import { type HttpResponse, httpRequest } from "../http-request.ts";
import { idempotencyKey } from "../idempotency-key.ts";
import { isTraceparent } from "../observe-traces.ts";
import { requireAnswer } from "../require-answer.ts";
import { RetryLater } from "../retry-later.ts";
import type { Step, StepContext } from "../run.ts";
import { signMessage } from "../sign-message.ts";
import { secondsOf } from "../webhook-post.ts";

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** A status of the server's that another attempt may mend; every other one that is not accepted is final. */
const mayPass = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

/**
 * Asks a server, at least once, with the same Idempotency-Key at every attempt.
 *
 * @throws NonRetryableError where the address is private or the answer refuses, EJS6023 where it is not what `response` says
 */
export async function httpStep(context: StepContext, step: Step, node: NodeOf<"http.request">): Promise<HttpResponse> {
  failpoint("task:before-input");
  const { url, headers, body } = await valuesOf(context, step, node);
  failpoint("task:after-input");
  const key = idempotencyKey(step);
  const { run } = step;
  // The span of this attempt, else what the event's request carried; headers of the step's own come last.
  const response = await httpRequest({
    method: node.method,
    url,
    headers: {
      accept: "application/json",
      "user-agent": "EngineJS",
      ...(isTraceparent(run.traceparent) ? { traceparent: run.traceparent } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
      "idempotency-key": key,
      ...(node.secret === undefined
        ? {}
        : signMessage(secretOf(context, node.secret), signedId(key), Math.floor(Date.now() / 1_000), body ?? "")),
    },
    body,
    privateHosts: node.privateHosts,
    signal: run.signal,
  });
  failpoint("task:after-call");
  const accepted = node.accept.length === 0 ? isSuccess(response.status) : node.accept.includes(response.status);
  const asked = `${node.method} ${new URL(url).host}`;
  if (accepted) {
    const what = `Workflow ${run.definition.workflow.name}, step ${step.path}: ${asked}`;
    // An accepted refusal has a body of its own kind.
    if (isSuccess(response.status)) requireAnswer(node.response, response.body, what);
    return response;
  }
  const { location } = response.headers;
  const redirected = response.status >= 300 && response.status < 400 && location !== undefined;
  const told = redirected ? `it leads to ${location}, which is not followed` : excerpt(response.body);
  const message = `${asked} answers ${response.status}: ${told}`;
  if (!mayPass(response.status)) throw new NonRetryableError(message);
  const seconds = secondsOf(response.headers["retry-after"], Date.now());
  throw seconds === null ? new Error(message) : new RetryLater(message, seconds * 1_000);
}

/** URL, headers and body in one statement; a header whose value is null is left out. */
async function valuesOf(context: StepContext, step: Step, node: NodeOf<"http.request">) {
  const values: Record<string, string> = { url: node.url };
  for (const [name, text] of Object.entries(node.headers)) values[`header ${name}`] = text;
  for (const [name, text] of Object.entries(node.body ?? {})) values[`body ${name}`] = text;
  const found = (await evaluate(context, step, { id: node.id, kind: "values", values })) as Record<string, unknown>;
  const headers: Record<string, string> = {};
  for (const name of Object.keys(node.headers)) {
    const value = found[`header ${name}`];
    if (value !== null) headers[name.toLowerCase()] = exactText(value);
  }
  const body =
    node.body === undefined
      ? undefined
      : JSON.stringify(Object.fromEntries(Object.keys(node.body).map((name) => [name, found[`body ${name}`] ?? null])));
  return { url: String(found.url ?? ""), headers, body };
}

/** A full stop parts what is signed: no id of Standard Webhooks has one, as `remind[3].mail` would. */
const signedId = (key: string): string => key.replaceAll(".", "/");

function secretOf(context: StepContext, variable: string): string {
  const secret = context.secret(variable);
  if (secret !== undefined && !/^(whsec_)?\s*$/.test(secret)) return secret;
  throw new Error(`the environment variable ${variable}, which signs the request, is not set in this worker`);
}

const excerpt = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body)).slice(0, 200);
