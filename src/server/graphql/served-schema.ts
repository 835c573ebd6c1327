import { makeSchema } from "postgraphile";
import type { WithPgClient } from "postgraphile/@dataplan/pg";
import type { GraphQLSchema } from "postgraphile/graphql";
import type { BuiltSystem } from "../database/built-system.ts";
import type { RequestLimits } from "../server-options.ts";
import type { RunEnds } from "../workflows/run-ends.ts";
import { DocumentCache } from "./document-cache.ts";
import { ModelFacts } from "./model-facts.ts";
import { schemaPreset } from "./preset.ts";
import { validationRules } from "./validation-rules.ts";

/** How long a synchronous run is waited for at most, in milliseconds. */
const LONGEST_WAIT = 30_000;

/** Everything that belongs to one build. A reload makes a new one; requests under way keep the one that they began with. */
export interface ServedSchema {
  readonly hash: string;
  readonly schema: GraphQLSchema;
  readonly resolvedPreset: GraphileConfig.ResolvedPreset;
  readonly documents: DocumentCache;
  readonly model: ModelFacts;
}

export async function servedSchema(
  built: BuiltSystem,
  withPgClient: WithPgClient,
  options: {
    readonly limits: RequestLimits;
    readonly introspection: boolean;
    /** Where the ends of runs are heard; without it nobody waits for one. */
    readonly ends?: RunEnds;
  },
): Promise<ServedSchema> {
  const { limits, introspection, ends } = options;
  // Before the server gives up on its own answer.
  const patience = Math.max(0, Math.min(LONGEST_WAIT, limits.requestTimeoutMs - 1_000));
  const preset = schemaPreset(built.system, withPgClient, limits, { ends, patience });
  const { schema, resolvedPreset } = await makeSchema(preset);
  return {
    hash: built.hash,
    schema,
    resolvedPreset,
    documents: new DocumentCache(schema, validationRules(limits, introspection), limits),
    model: new ModelFacts(built.system),
  };
}
