import type { z } from "zod";
import { type Callback, declared } from "./declared.ts";
import type { CallbackAt } from "./field.ts";
import type { StepScope } from "./flow-symbols.ts";
import type { RoleName } from "./registry.ts";
import { captureSite, type Site } from "./site.ts";
import type { Bool } from "./value-symbols.ts";

export interface TriggerDeclaration {
  readonly kind: "trigger";
  readonly site: Site | undefined;
  readonly entity: string;
  readonly event: "create" | "update" | "delete" | "action";
  readonly action?: string;
  readonly condition?: CallbackAt;
}

export interface ManualTriggerDeclaration {
  readonly kind: "manual-trigger";
  readonly site: Site | undefined;
  readonly input: z.ZodType | undefined;
  /** As the user gave them. */
  readonly options: unknown;
}

declare const event: unique symbol;

/** What starts a workflow: an event of entity `N`, with the input `I` where it is an action. */
export interface Trigger<out N extends string, out I = unknown> {
  readonly [event]?: { readonly entity: N; readonly input: I };
}

/** Makes a trigger; called by the methods of an entity. */
export function makeTrigger(
  entity: string,
  name: TriggerDeclaration["event"],
  more: { readonly action?: string; readonly condition?: Callback } = {},
): object {
  const site = captureSite();
  return declared<TriggerDeclaration, object>(
    {
      kind: "trigger",
      site,
      entity,
      event: name,
      ...(more.action === undefined ? {} : { action: more.action }),
      ...(more.condition === undefined ? {} : { condition: { site, callback: more.condition } }),
    },
    {},
  );
}

/** What a workflow is given that no record starts, as symbols. */
export type GivenInput<T> = { readonly [given]: T };
declare const given: unique symbol;

/**
 * Starts by nobody's change: by `startWorkflow`, by another workflow's `start` step, by `enginejs.workflow_start` in SQL; and by
 * persons with one of the roles, or whom `allow` lets: by a mutation of the workflow's name (`monthlyReport`), or
 * `enginejs.start_workflow('monthly-report', '{"month": "2026-11"}')`.
 *
 * @example workflow("monthly-report", { on: manual(z.object({ month: z.string() }), { roles: ["billing"] }), steps: (flow) => flow.task("make", "make-report", ({ input }) => ({ month: input.month })) })
 */
export function manual<T extends z.ZodType = z.ZodUnknown>(
  input?: T,
  options: {
    readonly roles?: readonly RoleName[];
    /** Whom else: over the actor and what he gives. */
    readonly allow?: (
      // biome-ignore lint/complexity/noBannedTypes: `{}`: no results yet
      symbols: Pick<StepScope<never, GivenInput<z.output<T>>, {}>, "actor" | "flags" | "input" | "request">,
    ) => Bool;
  } = {},
): Trigger<never, GivenInput<z.output<T>>> {
  const declaration: ManualTriggerDeclaration = { kind: "manual-trigger", site: captureSite(), input, options };
  return declared<ManualTriggerDeclaration, Trigger<never, GivenInput<z.output<T>>>>(declaration, {});
}
