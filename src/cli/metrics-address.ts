import { InvalidArgumentError } from "commander";

/** Where `/metrics` is answered. */
export interface MetricsAddress {
  readonly port: number;
  readonly host?: string;
}

/** Reads "9464", "0.0.0.0:9464" or "[::]:9464". */
export function metricsAddress(text: string): MetricsAddress {
  const [, host, digits] = /^(?:(\[[^\]]+\]|[^:\s]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535) {
    throw new InvalidArgumentError("It is a port, or an address and a port: 9464, 0.0.0.0:9464.");
  }
  return host === undefined ? { port } : { port, host: host.replace(/^\[|\]$/g, "") };
}
