import { makeSchema } from "postgraphile";
import type { WithPgClient } from "postgraphile/@dataplan/pg";
import type { GraphQLSchema } from "postgraphile/graphql";
import type { BuiltSystem } from "../database/built-system.ts";
import type { RequestLimits } from "../server-options.ts";
import { DocumentCache } from "./document-cache.ts";
import { ModelFacts } from "./model-facts.ts";
import { schemaPreset } from "./preset.ts";
import { validationRules } from "./validation-rules.ts";

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
  options: { readonly limits: RequestLimits; readonly introspection: boolean },
): Promise<ServedSchema> {
  const { limits, introspection } = options;
  const { schema, resolvedPreset } = await makeSchema(schemaPreset(built.system, withPgClient, limits));
  return {
    hash: built.hash,
    schema,
    resolvedPreset,
    documents: new DocumentCache(schema, validationRules(limits, introspection), limits),
    model: new ModelFacts(built.system),
  };
}
