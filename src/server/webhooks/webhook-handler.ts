/**
 * Requests from outside that start workflows: `POST /webhooks/<name>`. The signature is checked over the body as it came, the
 * time that it covers by the database's clock, and each id counts once; 202 is said when the event is committed.
 */
import type { RequestHandler } from "express";
import type pg from "pg";
import { z } from "zod";
import type { System, Workflow } from "../../model/index.ts";
import { answer, answerError } from "../http/answer.ts";
import { requestBody } from "../http/request-body.ts";
import { requestIdOf } from "../http/request-identity.ts";
import { RequestError } from "../request-error.ts";
import { type SignedRequest, signedRequest, type WebhookTrigger } from "./schemes.ts";

interface Webhook {
  readonly trigger: WebhookTrigger;
  readonly workflow: string;
  /** Whether the body is what the workflow takes. */
  readonly fits: (body: unknown) => boolean;
}

/** The webhooks of a model, by their names. */
export function webhooksOf(system: System): ReadonlyMap<string, readonly Webhook[]> {
  return Map.groupBy(system.workflows.flatMap(webhook), ({ trigger }) => trigger.path);
}

function webhook({ name, trigger, input }: Workflow): Webhook[] {
  if (trigger.kind !== "webhook") return [];
  const schema = input === undefined ? undefined : z.fromJSONSchema(input as never);
  return [{ trigger, workflow: name, fits: (body) => schema === undefined || schema.safeParse(body).success }];
}

export interface WebhookOptions {
  readonly pool: pg.Pool;
  readonly webhooks: () => ReadonlyMap<string, readonly Webhook[]>;
  /** Of the body, in bytes. */
  readonly limit: number;
  /** A secret by the name of its variable. */
  readonly secret: (name: string) => string | undefined;
}

/** For the path `/webhooks/:name`; before anything that reads the body. */
export function webhookHandler(options: WebhookOptions): RequestHandler<{ name: string }> {
  return (request, response, next) => {
    const requestId = requestIdOf(request);
    receive(request, request.params.name, options).then(
      () => answer(response, 202, '{"accepted":true}', { "content-type": "application/json; charset=utf-8" }),
      (error: unknown) => (error instanceof RequestError ? answerError(response, error, requestId) : next(error)),
    );
  };
}

async function receive(
  request: Parameters<RequestHandler>[0],
  name: string,
  { pool, webhooks, limit, secret }: WebhookOptions,
): Promise<void> {
  const wanted = webhooks().get(name);
  const [first] = wanted ?? [];
  if (wanted === undefined || first === undefined) throw new RequestError("EJS5016", 404);
  if (request.method !== "POST") throw new RequestError("EJS5013", 405);
  const body = await requestBody(request, limit);
  if (typeof body !== "string") throw new Error("webhooks: something before the handler has read the body");
  // Each workflow of this name asks for its own signature; none of them starts unless all are content.
  let signed: SignedRequest | undefined;
  for (const { trigger } of wanted) {
    const given = secret(trigger.secret);
    if (given === undefined || given.trim() === "") {
      throw new Error(`webhook ${name}: the environment variable ${trigger.secret} is not set`);
    }
    signed = signedRequest(trigger, request.headers, body, given);
    if (signed === undefined) throw new RequestError("EJS5017", 401);
  }
  const content = parsed(body);
  if (isNested(content, MOST_LEVELS)) throw new RequestError("EJS5018", 422);
  for (const { fits } of wanted) if (!fits(content)) throw new RequestError("EJS5018", 422);
  const tolerance = Math.min(...wanted.map(({ trigger }) => trigger.toleranceMs));
  const { rows } = await pool
    .query<{ started: number | null }>(
      "select enginejs.receive_webhook($1, $2, $3, to_timestamp($4), $5 * interval '1 ms') as started",
      [name, signed?.id, kept(body, content), signed?.signedAt ?? null, tolerance],
    )
    .catch((error: unknown) => {
      throw isNoValue(error) ? new RequestError("EJS5018", 422, undefined, { cause: error }) : error;
    });
  // Signed too long ago, or ahead of time.
  if (rows[0]?.started === null) throw new RequestError("EJS5017", 401);
}

/** PostgreSQL would keep thousands, which no worker walks through (src/tasks/cut-json.ts). */
const MOST_LEVELS = 1_000;

/** Whether there are more levels than that. */
function isNested(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isNested(inner, levels - 1));
}

/**
 * The text as it came: what JavaScript has read of it has lost the digits of large numbers. Not where one has a large exponent:
 * of `1e-16000` PostgreSQL would keep sixteen thousand digits.
 */
function kept(body: string, content: unknown): string {
  if (!/[eE][+-]?\d{3}/.test(body)) return body;
  try {
    return JSON.stringify(content, (_key, value: unknown) => {
      if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("a number is too large");
      return value;
    });
  } catch (error) {
    throw new RequestError("EJS5018", 422, undefined, { cause: error });
  }
}

/** U+0000, half of a surrogate pair, a number of more digits than PostgreSQL has, or too deep a nesting: JSON, and nothing that can be kept. */
function isNoValue(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && (code.startsWith("22") || code.startsWith("54"));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new RequestError("EJS5011", 400, "The body is no JSON.", { cause: error });
  }
}
