/** What actions say follows them: tasks and workflows, by reference. */
import type { Entity, Field } from "../../model/index.ts";
import type { ActionDeclaration } from "../action.ts";
import { declarationOf } from "../declared.ts";
import type { Site } from "../site.ts";
import type { TaskReferenceDeclaration } from "../task.ts";
import type { WorkflowDeclaration, WorkflowReferenceDeclaration } from "../workflow.ts";
import type { BuildContext } from "./build-context.ts";

/** What an action's `.effect()` takes. */
export type EffectDeclaration = TaskReferenceDeclaration | WorkflowDeclaration | WorkflowReferenceDeclaration;

/** The effect that a value is; undefined for anything else. */
export const effectDeclaration = (value: unknown): EffectDeclaration | undefined =>
  declarationOf<EffectDeclaration>(value, "task-reference", "workflow", "workflow-reference");

/** An action's effect, and where it was written. */
export interface Effect {
  readonly entity: Entity;
  readonly action: string;
  readonly input: readonly Field[];
  readonly reference: EffectDeclaration;
  readonly site: Site | undefined;
}

/** The effects of all actions, as they were declared. */
export function effectsOf(context: BuildContext): readonly Effect[] {
  return [...context.drafts.values()].flatMap(({ entity, declaration }) =>
    entity.actions.flatMap(({ name, input }) => {
      const actions = declaration.options.actions as Readonly<Record<string, unknown>>;
      const action = declarationOf<ActionDeclaration>(actions[name], "action");
      return (action?.effects ?? []).flatMap(({ effect, site }) => {
        const reference = effectDeclaration(effect);
        return reference === undefined ? [] : [{ entity, action: name, input, reference, site }];
      });
    }),
  );
}
