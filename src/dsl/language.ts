/** What users write: entities, fields, policies, actions, workflows, tasks, configuration. */
export { type Action, type ActionChain, action } from "./action.ts";
export { can } from "./can.ts";
export { type Check, check } from "./check.ts";
export { type CatchUp, cron, every, signal, webhook } from "./clock-trigger.ts";
export { type Config, defineConfig } from "./config.ts";
export { type Entity, type EntityOptions, entity } from "./entity.ts";
export type { AnyField, Field } from "./field.ts";
export {
  array,
  bigint,
  boolean,
  date,
  decimal,
  integer,
  json,
  money,
  ref,
  roles,
  slug,
  state,
  text,
  timestamp,
  uuid,
} from "./field-types.ts";
export type { Flow } from "./flow.ts";
export { duration, has, max, min, now, sum, when } from "./functions.ts";
export { type Index, index } from "./index-declaration.ts";
export { NonRetryableError } from "./non-retryable-error.ts";
export { type Handler, type HandlerContext, type HandlerOptions, on } from "./on.ts";
export { type Outcome, outcome } from "./outcome.ts";
export { definePlugin, type Plugin, type PluginDefinition, type PluginStep } from "./plugin.ts";
export { allow, deny, type Policy } from "./policy.ts";
export { type Queue, queue } from "./queue.ts";
export * from "./registry.ts";
export type { Actor, Has, Row, StoredRow } from "./row-symbols.ts";
export { type Rule, rule } from "./rule.ts";
export { defineSeed, type Seed, type SeedContext, type SeedPerson } from "./seed.ts";
export { type EnvironmentValue, env, readSetting, type Setting } from "./setting.ts";
export type { JsonOf, ListOf, ManyOf, One, Scalar, State } from "./shape.ts";
export {
  defineTask,
  type Effect,
  type Log,
  type Query,
  type Task,
  type TaskActor,
  type TaskContext,
  type TaskEvent,
  task,
} from "./task.ts";
export { manual, type Trigger } from "./trigger.ts";
export { type Layout, tabs, type View, view } from "./view.ts";
export { impersonate, type Workflow, workflow } from "./workflow.ts";
