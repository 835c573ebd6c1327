import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Actor } from "../authentication/authenticator.ts";

const actorKey = Symbol("enginejs.actor");
const requestIdKey = Symbol("enginejs.requestId");

type Marked = IncomingMessage & { [actorKey]?: Actor; [requestIdKey]?: string };

/** Harmless in logs and headers, whoever sent it. */
const acceptable = /^[\w.:-]{1,64}$/;

/** The id under which the log knows the request: the caller's `X-Request-Id`, or a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const marked: Marked = request;
  const known = marked[requestIdKey];
  if (known !== undefined) return known;
  const given = request.headers["x-request-id"];
  const id = typeof given === "string" && acceptable.test(given) ? given : randomUUID();
  marked[requestIdKey] = id;
  return id;
}

export function setActor(request: IncomingMessage, actor: Actor): void {
  (request as Marked)[actorKey] = actor;
}

/** As whom the request is made; undefined before `authenticate` ran. */
export function actorOf(request: IncomingMessage): Actor | undefined {
  return (request as Marked)[actorKey];
}
