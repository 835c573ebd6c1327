/** `enginejs webhook`: tenants' endpoints, and what was posted to them. The work is done by functions of the core, which psql can call as well. */
import pg from "pg";
import { projectError } from "../../project/project-error.ts";
import { type Administration, type AdministrationOptions, administer } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import { findTenant } from "../find-tenant.ts";
import { printTable } from "../print-table.ts";
import { sinceOf } from "../since.ts";
import type { Terminal } from "../terminal.ts";

interface TenantOptions extends AdministrationOptions {
  readonly tenant?: string;
}

interface EndpointOptions extends AdministrationOptions {
  readonly endpoint: string;
}

interface Endpoint {
  readonly id: string;
  readonly tenant: string;
  readonly url: string;
  readonly events: readonly string[] | null;
  readonly enabled: boolean;
  readonly disabledReason: string | null;
  readonly failingSince: string | null;
}

interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly url: string;
  readonly status: string;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly lastError: string | null;
  readonly createdAt: string;
}

export async function webhookList(options: TenantOptions, terminal: Terminal): Promise<number> {
  const endpoints = await administer(options, async (given) => {
    const { rows } = await given.client.query<{ endpoint: Endpoint }>(
      "select enginejs.list_webhook_endpoints($1) as endpoint",
      [await tenantOf(given, options)],
    );
    return rows.map(({ endpoint }) => endpoint);
  });
  terminal.printJson({ ok: true, endpoints });
  printTable(
    terminal,
    ["endpoint", "tenant", "state", "url", "events"],
    endpoints.map((endpoint) => [
      endpoint.id,
      endpoint.tenant,
      stateOf(endpoint),
      endpoint.url,
      endpoint.events?.join(", ") ?? "all",
    ]),
  );
  return exitCode.ok;
}

interface DeliveriesOptions extends TenantOptions {
  readonly endpoint?: string;
  readonly status?: string;
  readonly since?: string;
  readonly limit: number;
  readonly after?: string;
}

export async function webhookDeliveries(options: DeliveriesOptions, terminal: Terminal): Promise<number> {
  const { endpoint, status = null, limit, after } = options;
  if (endpoint !== undefined) requireId(endpoint, "endpoint");
  if (after !== undefined) requireId(after, "delivery");
  const deliveries = await administer(options, async (given) => {
    const { rows } = await given.client.query<{ delivery: Delivery }>(
      "select enginejs.list_webhook_deliveries($1, $2, $3, $4, $5, $6) as delivery",
      [
        endpoint ?? null,
        status,
        await sinceOf(given.client, options.since),
        await tenantOf(given, options),
        limit,
        after ?? null,
      ],
    );
    return rows.map(({ delivery }) => delivery);
  });
  terminal.printJson({ ok: true, deliveries });
  printTable(
    terminal,
    ["delivery", "event", "status", "tries", "created", "next", "url", "error"],
    deliveries.map((delivery) => [
      delivery.id,
      delivery.type,
      delivery.status,
      String(delivery.attempts),
      delivery.createdAt,
      delivery.nextAttemptAt,
      delivery.url,
      delivery.lastError,
    ]),
  );
  return exitCode.ok;
}

interface RedeliverOptions extends AdministrationOptions {
  readonly delivery?: string;
  readonly endpoint?: string;
  readonly since?: string;
}

export async function webhookRedeliver(options: RedeliverOptions, terminal: Terminal): Promise<number> {
  const { delivery, endpoint } = options;
  if ((delivery === undefined) === (endpoint === undefined)) {
    throw projectError("EJS1002", "What is to be delivered once more is not said, or twice.", {
      hint: "Name one delivery, or an endpoint with --endpoint for all of its dead letters.",
    });
  }
  if (delivery !== undefined) {
    requireId(delivery, "delivery");
    await manage(options, "select enginejs.redeliver_webhook($1) as answer", [delivery]);
    return tell(terminal, "It is posted again, with the same id.", { delivery, deliveries: 1 });
  }
  requireId(endpoint ?? "", "endpoint");
  const deliveries = await operate(options, async ({ client }) => {
    const since = await sinceOf(client, options.since);
    let total = 0;
    for (;;) {
      const { rows } = await client.query<{ n: number }>("select enginejs.redeliver_failed_webhooks($1, $2) as n", [
        endpoint,
        since,
      ]);
      const n = rows[0]?.n ?? 0;
      total += n;
      if (n === 0) return total;
      // What is taken back stays so, whatever happens to this process.
      await client.query("commit; begin; set local role enginejs_owner");
    }
  });
  return tell(terminal, `${deliveries} dead letters are posted again, with the same ids.`, { endpoint, deliveries });
}

export async function webhookTest(options: EndpointOptions, terminal: Terminal): Promise<number> {
  requireId(options.endpoint, "endpoint");
  const answer = await manage(options, "select enginejs.send_test_webhook($1) as answer", [options.endpoint]);
  const { id } = answer as Delivery;
  return tell(terminal, `A message of the type webhook.test is on its way: delivery ${id}.`, { delivery: id });
}

export const webhookEnable = (options: EndpointOptions, terminal: Terminal): Promise<number> =>
  turn(options, terminal, true, "It is on, and begins without its failures.");

export const webhookDisable = (options: EndpointOptions, terminal: Terminal): Promise<number> =>
  turn(options, terminal, false, "It is off; what waited for it became dead letters.");

async function turn(options: EndpointOptions, terminal: Terminal, enabled: boolean, text: string): Promise<number> {
  const { endpoint } = options;
  requireId(endpoint, "endpoint");
  await manage(options, "select enginejs.update_webhook_endpoint($1, $2) as answer", [endpoint, { enabled }]);
  return tell(terminal, text, { endpoint, enabled });
}

function tell(terminal: Terminal, text: string, result: Readonly<Record<string, unknown>>): number {
  terminal.print(text);
  terminal.printJson({ ok: true, ...result });
  return exitCode.ok;
}

const manage = (options: AdministrationOptions, text: string, values: readonly unknown[]): Promise<unknown> =>
  operate(options, async ({ client }) => {
    const { rows } = await client.query<{ answer: unknown }>(text, [...values]);
    return rows[0]?.answer;
  });

/** @throws EJS1057 for what the core's functions say no to */
function operate<T>(options: AdministrationOptions, work: (given: Administration) => Promise<T>): Promise<T> {
  return administer(options, async (given) => {
    try {
      return await work(given);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || !/^EJ4(04|09)$/.test(error.code ?? "")) throw error;
      throw projectError("EJS1057", `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`);
    }
  });
}

const tenantOf = ({ client, system }: Administration, { tenant }: TenantOptions): Promise<string | null> | null =>
  tenant === undefined ? null : findTenant(client, system, tenant);

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function requireId(id: string, what: "endpoint" | "delivery"): void {
  if (!uuid.test(id)) throw projectError("EJS1057", `"${id}" is no id of ${what === "endpoint" ? "an" : "a"} ${what}.`);
}

const stateOf = ({ enabled, disabledReason, failingSince }: Endpoint): string => {
  if (!enabled) return `off (${disabledReason})`;
  return failingSince === null ? "on" : `failing since ${failingSince}`;
};
