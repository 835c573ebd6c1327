/** What an entity's actions say of its states. */
import type { Entity } from "../model/index.ts";
import { fieldOf, sortedBy, storedColumn } from "./model-index.ts";

export interface StateMachine {
  readonly field: string;
  readonly column: string;
  /** What may follow each state, both in the order of the declaration. */
  readonly transitions: ReadonlyMap<string, readonly string[]>;
}

/** The state fields of which actions declare transitions; one without any has only its CHECK. */
export function stateMachines(entity: Entity): StateMachine[] {
  const fields = new Set(
    entity.actions.flatMap((action) => (action.transition === undefined ? [] : [action.transition.field])),
  );
  return sortedBy([...fields], (name) => name).map((name) => {
    const field = fieldOf(entity, name);
    const states = field.type.kind === "state" ? field.type.states : [];
    const transitions = states.flatMap((from): [string, string[]][] => {
      const next = states.filter((to) =>
        entity.actions.some(
          ({ transition }) => transition?.field === name && transition.from.includes(from) && transition.to === to,
        ),
      );
      return next.length === 0 ? [] : [[from, next]];
    });
    return { field: name, column: storedColumn(field), transitions: new Map(transitions) };
  });
}

/** The machine of one field. */
export const stateMachine = (entity: Entity, field: string): StateMachine | undefined =>
  stateMachines(entity).find((machine) => machine.field === field);
