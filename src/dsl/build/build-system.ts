/**
 * From what a project's files declare to the IR. One stage after the other; each
 * reports what is wrong and goes on, so that one run finds everything.
 */
import type { Diagnostic } from "../../errors/diagnostic.ts";
import { catalogOf, type SourceMap, type System, system as systemSchema } from "../../model/index.ts";
import type { Collection } from "../collection.ts";
import { addActions } from "./actions.ts";
import { BuildContext } from "./build-context.ts";
import { Callbacks } from "./callbacks.ts";
import { addClaims } from "./claims.ts";
import { addConsents } from "./consents.ts";
import { addConstraints } from "./constraints.ts";
import { draftEntities } from "./draft-entities.ts";
import { draftFields } from "./draft-fields.ts";
import { Environments } from "./environments.ts";
import { Expressions } from "./expressions.ts";
import { addDefaults, addRules, checkComputed, writeComputed } from "./field-expressions.ts";
import { addFieldRules } from "./field-rules.ts";
import { addHandlers } from "./handlers.ts";
import { addDeclaredIndexes, addFieldIndexes, addInferredIndexes } from "./indexes.ts";
import { operationsOf } from "./operations.ts";
import { knownPermissions, resolvePermissions } from "./permissions.ts";
import { addPlugins } from "./plugins.ts";
import { addPolicies } from "./policies.ts";
import { addQueries } from "./queries.ts";
import { addQueues } from "./queues.ts";
import { order, Report } from "./report.ts";
import { refuseRequiredCycles } from "./required-cycles.ts";
import { resolveConfig, resolveTenancy } from "./resolve-config.ts";
import { resolveRelations } from "./resolve-relations.ts";
import { refuseSharedGraphqlNames } from "./shared-graphql-names.ts";
import { refuseSharedNames } from "./shared-names.ts";
import { type ReadSource, SourcePositions } from "./source-position.ts";
import { addTasks } from "./tasks.ts";
import { addViews } from "./views.ts";
import { addWebhooks } from "./webhooks.ts";
import { addWorkflows, type OtherWorkflow } from "./workflows.ts";

export interface BuildOptions {
  /** The project's folder, absolute: positions are relative to it. */
  readonly root: string;
  /** The text of a file: with it, positions point at the very word. */
  readonly readSource?: ReadSource;
  /** The workflows that JSON processes are: they are put into the model afterwards. */
  readonly processes?: readonly OtherWorkflow[];
}

/** The model, or everything that is wrong with it. */
export type Built =
  | {
      readonly system: System;
      readonly sourceMap: SourceMap;
      /** By variable: what `env("NAME", { development })` of a secret that signs says. No part of the model. */
      readonly developmentSecrets: ReadonlyMap<string, string>;
      readonly diagnostics?: never;
    }
  | { readonly diagnostics: readonly Diagnostic[]; readonly system?: never; readonly sourceMap?: never };

/**
 * Builds the IR of a project. Pure: the same declarations give the same bytes, in whatever order the files were loaded.
 *
 * @example
 * const built = buildSystem(collection, { root, readSource: (file) => readFileSync(file, "utf8") });
 * if (built.diagnostics) throw new EngineError(built.diagnostics);
 */
export function buildSystem(collection: Collection, { root, readSource, processes = [] }: BuildOptions): Built {
  const report = new Report(new SourcePositions(root, readSource));
  const [config] = collection.configs;
  const context = new BuildContext(report, resolveConfig(config, report));
  const { system, drafts } = context;

  draftEntities(collection.entities, context);
  draftFields(context);
  resolveRelations(context);
  refuseRequiredCycles(context);
  resolveTenancy(config, context);
  addConstraints(context);

  const callbacks = new Callbacks(report);
  const computed = writeComputed(context, callbacks);
  resolvePermissions(config, context);
  const expressions = new Expressions(context);
  // From here on every field is known, and what expressions may read with it.
  const environments = new Environments(system, catalogOf(system), knownPermissions(context));
  const tools = { context, report, callbacks, expressions, environments };
  checkComputed(tools, computed);
  addClaims(config, tools);
  addDefaults(tools);
  addFieldIndexes(context);
  const policyColumns = [];
  for (const draft of drafts.values()) {
    addRules(draft, tools);
    policyColumns.push(...addPolicies(draft, context, environments, tools));
    addFieldRules(draft, context, environments, tools);
    addActions(draft, context, environments, tools);
    addViews(draft, context);
    addDeclaredIndexes(draft, context, ({ where }) => {
      if (where === undefined) return undefined;
      const written = callbacks.expression(where, { names: ["row"] }, `${draft.entity.name}, an index`);
      if (written !== undefined) expressions.check(written, environments.sameRow(draft.entity.name), { kind: "bool" });
      return written?.text;
    });
  }
  addInferredIndexes(context, policyColumns);
  for (const { entity } of drafts.values()) {
    for (const list of [entity.checks, entity.policies, entity.actions, entity.views]) {
      list.sort((a, b) => order(a.name, b.name));
    }
    entity.operations = operationsOf(entity);
  }
  refuseSharedNames(context);
  addTasks(collection.tasks, context);
  addPlugins(config, context);
  addQueues(collection.queues, context);
  addWebhooks(config, context);
  refuseSharedGraphqlNames(context);
  const handlers = addHandlers(collection.namedHandlers, collection.handlers, context);
  addQueries(collection.queries, context);
  addWorkflows([...collection.workflows, ...handlers], tools, processes);
  addConsents(
    config,
    context,
    processes.map(({ name }) => name),
  );

  if (report.failed) return { diagnostics: report.diagnostics() };
  // A system that does not pass its own schema is a mistake of this compiler, not of the model.
  const { developmentSecrets } = context;
  return { system: systemSchema.parse(system), sourceMap: context.sourceMap(), developmentSecrets };
}
