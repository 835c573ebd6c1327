/**
 * The rules of a system, decided in memory: what the compiled PostgreSQL must answer to a statement of an actor. It is the
 * specification of authorization in TypeScript; `enginejs policy test` and the tests hold the two together.
 */
import type { Entity, System } from "../model/index.ts";
import type { Actor, Request } from "./actor.ts";
import { ActorView } from "./actor-view.ts";
import { ModelFacts } from "./model-facts.ts";
import { checkRules, type EntityRules, type SystemRules } from "./rules.ts";
import type { World } from "./world.ts";

export class Authorization {
  readonly model: ModelFacts;
  private readonly rules: SystemRules;

  /** @throws EngineError where an expression of the model is wrong */
  constructor(system: System) {
    this.model = new ModelFacts(system);
    this.rules = checkRules(this.model);
  }

  entity(name: string): Entity {
    return this.model.entity(name);
  }

  /** The conditions of an entity, checked. */
  rulesOf(name: string): EntityRules {
    const rules = this.rules.entities.get(name);
    if (rules === undefined) throw new TypeError(`the model has no entity ${name}`);
    return rules;
  }

  /**
   * A world as one actor meets it.
   *
   * @example
   * const view = new Authorization(system).as(world, { kind: "user", id, tenant });
   * view.visible(authorization.entity("Invoice")); // the rows that `select` shows
   */
  as(world: World, actor: Actor, request?: Request): ActorView {
    return new ActorView(this.model, this.rules, world, actor, request);
  }
}
