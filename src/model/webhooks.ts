/** Webhooks out: which events are offered to tenants' endpoints, and who manages these. */
import { z } from "zod";
import { entityName, fieldName, slugName } from "./names.ts";

const entityEvent = z.strictObject({
  /** As receivers know it: `Invoice.created`, `Invoice.pay`. */
  name: z.string(),
  entity: entityName,
  /** As the event log has it: `create`, or an action's name. */
  action: fieldName,
});

/** Each message of a queue; as receivers know it, the queue's name. */
const queueEvent = z.strictObject({ name: slugName, queue: slugName });

export const webhooks = z.strictObject({
  /** By name. */
  events: z.array(z.union([entityEvent, queueEvent])).min(1),
  /** Roles whose members manage the endpoints of their tenant. */
  manage: z.array(slugName).min(1),
  /** Hosts that may have a private address, and that may be asked without TLS. */
  privateHosts: z.array(z.string()),
});
