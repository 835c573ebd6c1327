/** The server: GraphQL over the model that a database holds. */
export { type Actor, anonymous } from "./authentication/authenticator.ts";
export { signToken, type TokenContents } from "./authentication/sign-token.ts";
export type { TokenOptions } from "./authentication/token-options.ts";
export { createServer, type RunningServer } from "./create-server.ts";
export { type DryRunOptions, type DryRunReport, dryRun } from "./dry-run/dry-run.ts";
export { actorOf, requestIdOf } from "./http/request-identity.ts";
export { createLog } from "./log.ts";
export { defaultLimits, type RequestLimits, type ServerOptions, type ServerPartsOptions } from "./server-options.ts";
export { createServerParts, type ServerParts } from "./server-parts.ts";
