import type { System } from "../model/index.ts";

/**
 * A model as it is put on the stage: without what has nothing to do with who may do what (events, workflows), and with a
 * consent on each rule: mutants widen them, which is what they are for.
 */
export function stagedSystem(system: System): System {
  return {
    ...system,
    workflows: [],
    tasks: [],
    entities: system.entities.map((entity) => ({
      ...entity,
      events: false,
      policies: entity.policies.map((policy) => ({ ...policy, consent: policy.consent ?? "tested" })),
      actions: entity.actions.map((action) => ({ ...action, effects: [] })),
    })),
  };
}
