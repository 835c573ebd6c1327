import { Router } from "express";
import type pg from "pg";
import { EngineError } from "../../errors/engine-error.ts";
import { buildHash } from "../database/built-system.ts";
import type { RequestErrorCode } from "../request-error.ts";

/** An answer of the database counts for this long: a crowd of probes is one query. */
const rememberedMs = 1_000;
/** Longer than that is not ready. */
const patienceMs = 2_000;

interface Readiness {
  readonly ready: boolean;
  readonly build?: string;
  readonly code?: RequestErrorCode;
}

/** `/healthz`: the process lives. `/readyz`: the database answers and holds a build, and nobody has asked us to stop. */
export function healthRouter(pool: pg.Pool): { readonly router: Router; drain(): void } {
  let draining = false;
  let known: { readonly at: number; readonly answer: Promise<Readiness> } | undefined;
  const readiness = (): Promise<Readiness> => {
    if (draining) return Promise.resolve({ ready: false, code: "EJS5015" });
    if (known === undefined || Date.now() - known.at > rememberedMs) known = { at: Date.now(), answer: ask(pool) };
    return known.answer;
  };
  const router = Router();
  router.get("/healthz", (_request, response) => {
    response.json({ status: "alive" });
  });
  router.get("/readyz", async (_request, response) => {
    const { ready, build, code } = await readiness();
    response
      .status(ready ? 200 : 503)
      .set("cache-control", "no-store")
      .json(ready ? { status: "ready", build } : { status: "not ready", code });
  });
  return {
    router,
    drain() {
      draining = true;
    },
  };
}

async function ask(pool: pg.Pool): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Readiness>((resolve) => {
    timer = setTimeout(resolve, patienceMs, { ready: false, code: "EJS5042" });
  });
  const asked = buildHash(pool).then(
    (build): Readiness => (build === undefined ? { ready: false, code: "EJS5050" } : { ready: true, build }),
    (error): Readiness => ({ ready: false, code: error instanceof EngineError ? "EJS5050" : "EJS5042" }),
  );
  try {
    return await Promise.race([asked, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
