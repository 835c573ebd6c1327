/** The GraphQL schema's recipe: PostGraphile's parts, less what the model does not say, plus one plugin per feature of ours. */
import { PgSimplifyInflectionPreset } from "@graphile/simplify-inflection";
import type { WithPgClient } from "postgraphile/@dataplan/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";
import { isCallable } from "../../dsl-to-sql/index.ts";
import type { System } from "../../model/index.ts";
import { modelTags } from "./model-tags.ts";
import { ActionInputPlugin } from "./plugins/ActionInputPlugin.ts";
import { AffordancesPlugin } from "./plugins/AffordancesPlugin.ts";
import { type CallOptions, CallWorkflowsPlugin } from "./plugins/CallWorkflowsPlugin.ts";
import { ModelInflectionPlugin } from "./plugins/ModelInflectionPlugin.ts";
import { ModelTagsPlugin } from "./plugins/ModelTagsPlugin.ts";
import { PageSizePlugin } from "./plugins/PageSizePlugin.ts";
import { SideFieldPlugin } from "./plugins/SideFieldPlugin.ts";
import { UpdatedRowPlugin } from "./plugins/UpdatedRowPlugin.ts";
import { WebhooksPlugin } from "./plugins/WebhooksPlugin.ts";
import { WorkflowApprovalsPlugin } from "./plugins/WorkflowApprovalsPlugin.ts";
import { WorkflowOperationsPlugin } from "./plugins/WorkflowOperationsPlugin.ts";
import { WriteFunctionPlugin } from "./plugins/WriteFunctionPlugin.ts";

/** Left out of PostGraphile's defaults, and why. */
const disablePlugins = [
  // Global object ids: `id` is the id.
  "NodePlugin",
  "AddNodeInterfaceToSuitableTypesPlugin",
  "NodeIdCodecBase64JSONPlugin",
  "NodeIdCodecPipeStringPlugin",
  "RegisterQueryNodePlugin",
  "NodeAccessorPlugin",
  "PgTableNodePlugin",
  "PgNodeIdAttributesPlugin",
  // Ways back to the root from everywhere: they only deepen documents.
  "MutationPayloadQueryPlugin",
  "PgMutationPayloadEdgePlugin",
  // `condition` is a lesser `filter`.
  "PgConditionArgumentPlugin",
  "PgConditionCustomFieldsPlugin",
  // Filters over the many side and over functions: no index can serve them.
  "PgConnectionArgFilterBackwardRelationsPlugin",
  "PgConnectionArgFilterComputedAttributesPlugin",
  "PgConnectionArgFilterRecordFunctionsPlugin",
  // The model says what is exposed, not the rights of the login (it has none), nor the indexes.
  "PgRBACPlugin",
  "PgIndexBehaviorsPlugin",
  // Tokens are checked before GraphQL, and made elsewhere.
  "PgJWTPlugin",
  "SubscriptionPlugin",
];

/** Comparisons with a plain meaning; the pattern languages are left out. */
const filterOperators = [
  ...["isNull", "equalTo", "notEqualTo", "in", "notIn"],
  ...["lessThan", "lessThanOrEqualTo", "greaterThan", "greaterThanOrEqualTo"],
  ...["includes", "includesInsensitive", "startsWith", "startsWithInsensitive", "endsWith", "endsWithInsensitive"],
  ...["contains", "containedBy", "overlaps", "anyEqualTo", "containsKey"],
];

export function schemaPreset(
  system: System,
  withPgClient: WithPgClient,
  limits: { readonly defaultPageSize: number },
  calls: CallOptions,
): GraphileConfig.Preset {
  const tags = modelTags(system);
  return {
    extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset, PostGraphileConnectionFilterPreset],
    plugins: [
      ModelTagsPlugin(system.schema, tags),
      ModelInflectionPlugin(system),
      PageSizePlugin(limits.defaultPageSize),
      SideFieldPlugin(system, tags),
      WriteFunctionPlugin(system),
      UpdatedRowPlugin,
      ActionInputPlugin(system),
      AffordancesPlugin(system),
      ...(system.workflows.length > 0 ? [WorkflowApprovalsPlugin()] : []),
      ...(system.workflows.some(isCallable) ? [CallWorkflowsPlugin(system, calls)] : []),
      ...(hasOperators(system) ? [WorkflowOperationsPlugin()] : []),
      ...(system.webhooks === undefined ? [] : [WebhooksPlugin()]),
    ],
    // GraphQL needs one field at least: a model that has nothing to read yet gets `query`, which is the root again.
    disablePlugins: hasReads(system) ? [...disablePlugins, "QueryQueryPlugin"] : disablePlugins,
    // Arguments of functions are required unless they have a default.
    gather: { pgStrictFunctions: true },
    schema: {
      dontSwallowErrors: true,
      connectionFilterAllowedOperators: filterOperators,
      // A filter that is null or empty by mistake must not list everything.
      connectionFilterAllowEmptyObjectInput: false,
      connectionFilterAllowNullInput: false,
    },
    pgServices: [
      {
        name: "main",
        schemas: [system.schema],
        withPgClientKey: "withPgClient",
        pgSettingsKey: "pgSettings",
        pgSettings: undefined,
        pgSettingsForIntrospection: undefined,
        pgSubscriber: null,
        adaptor: { createWithPgClient: () => withPgClient, makePgService: () => undefined },
        adaptorSettings: {},
      } as never,
    ],
    grafast: { explain: false },
  };
}

const hasReads = ({ entities }: System): boolean =>
  entities.some(({ operations }) => operations.some(({ kind }) => kind === "list" || kind === "get"));

/** Workflows are operated over the API where the model has the role for it, `operator: { of: "system" }`. */
const hasOperators = ({ roles, workflows }: System): boolean =>
  workflows.length > 0 && roles.some(({ name, of }) => name === "operator" && of === "system");
