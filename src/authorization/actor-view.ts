/**
 * One actor's eyes on a world: which rules hold of a row, for each command. Everything else (writes, actions, fields) is
 * decided from these.
 */
import { type Core, evaluate, type Value } from "../expression/index.ts";
import type { Command, Entity } from "../model/index.ts";
import { type ActingActor, type Actor, beginRequest, type Request } from "./actor.ts";
import { ALLOWED, type Decision, decide, type RuleVerdict } from "./decision.ts";
import { LinkedRows } from "./linked-rows.ts";
import type { ModelFacts } from "./model-facts.ts";
import { truthOutsideTenant } from "./other-tenant.ts";
import type { EntityRules, SystemRules } from "./rules.ts";
import type { StoredRow, World } from "./world.ts";

const NOWHERE: Request = { origin: null, ip: null };

export class ActorView {
  readonly model: ModelFacts;
  readonly world: World;
  readonly actor: ActingActor;
  private readonly systemRules: SystemRules;
  private readonly linked: LinkedRows;
  private readonly variables: Readonly<Record<string, unknown>>;

  constructor(model: ModelFacts, rules: SystemRules, world: World, actor: Actor, request: Request = NOWHERE) {
    this.model = model;
    this.systemRules = rules;
    this.world = world;
    this.actor = beginRequest(model, world, actor);
    this.linked = new LinkedRows(model, world, this.actor.tenantId);
    const { id, tenantId, kind, roles, permissions } = this.actor;
    this.variables = {
      actor: { id, tenantId, kind, roles, permissions, claims: this.claims() },
      request: { time: world.now, ...request },
      flags: Object.fromEntries(
        model.system.flags.map(({ name, default: otherwise }) => [name, this.flag(name, otherwise)]),
      ),
    };
  }

  /** The system passes every rule. */
  get isSystem(): boolean {
    return this.actor.kind === "system";
  }

  rules(entity: Entity): EntityRules {
    const rules = this.systemRules.entities.get(entity.name);
    if (rules === undefined) throw new TypeError(`the model has no entity ${entity.name}`);
    return rules;
  }

  /** A condition over a row, by three-valued logic. */
  holds(entity: Entity, row: StoredRow, core: Core, input: Readonly<Record<string, Value>> = {}): boolean | null {
    const plain = (part: Core): boolean | null => this.value(entity, row, part, input) as boolean | null;
    const tenant = this.model.tenantOf(entity, row);
    return tenant === undefined || tenant === this.actor.tenantId ? plain(core) : truthOutsideTenant(core, plain);
  }

  value(entity: Entity, row: StoredRow, core: Core, input: Readonly<Record<string, Value>> = {}): Value {
    const variables = { ...this.variables, row: this.linked.of(entity, row), input };
    return evaluate(core, { variables, now: this.world.now });
  }

  /** What a default says of the actor. */
  defaultValue(core: Core): Value {
    return evaluate(core, { variables: this.variables, now: this.world.now });
  }

  /** Whether a command may touch a row, or leave it behind as it is. */
  decide(entity: Entity, row: StoredRow, command: Command, part: "touch" | "leave"): Decision {
    if (this.isSystem) return ALLOWED;
    const policies = this.rules(entity).policies.filter(({ commands }) => commands.includes(command));
    return decide([
      ...this.wall(entity, row, command, part),
      ...policies.map(({ source, name, effect, [part]: core }) => ({
        source,
        name,
        effect,
        part,
        holds: this.holds(entity, row, core),
      })),
    ]);
  }

  canRead(entity: Entity, row: StoredRow): boolean {
    return this.decide(entity, row, "read", "touch").allowed;
  }

  /** What `select` shows. */
  visible(entity: Entity): readonly StoredRow[] {
    return this.world.rows(entity.name).filter((row) => this.canRead(entity, row));
  }

  /** The tenant's wall, where the entity has one. */
  private wall(entity: Entity, row: StoredRow, command: Command, part: "touch" | "leave"): RuleVerdict[] {
    const { model, actor } = this;
    const { tenancy } = model.system;
    const verdict = (holds: boolean | null, name: string): RuleVerdict[] => [
      { source: "tenancy", name, effect: "wall", part, holds },
    ];
    const isOwn = (tenant: unknown): boolean | null =>
      tenant === null || actor.tenantId === null ? null : tenant === actor.tenantId;
    if (entity.name === tenancy?.entity) return verdict(isOwn(row.id), "the tenant of the request, no other");
    const tenant = model.tenantOf(entity, row);
    if (tenant === undefined) return [];
    const { membership } = model;
    if (entity.name === membership?.entity && command === "read") {
      const self = actor.id !== null && row[membership.user] === actor.id;
      return verdict(self || isOwn(tenant), "rows of the request's tenant; to read, also the actor's own memberships");
    }
    return verdict(isOwn(tenant), "rows of the request's tenant only");
  }

  private flag(name: string, otherwise: boolean): boolean {
    const { tenantId } = this.actor;
    const settings = this.world.flags.filter(({ flag }) => flag === name);
    const own = tenantId === null ? undefined : settings.find(({ tenant }) => tenant === tenantId);
    return (own ?? settings.find(({ tenant }) => tenant === null))?.value ?? otherwise;
  }

  /** Read live from the actor's row, as the definer's functions do. */
  private claims(): Readonly<Record<string, Value>> {
    const { actor } = this.model.system;
    if (actor === undefined) return {};
    const entity = this.model.entity(actor.entity);
    const { id } = this.actor;
    const row = id === null ? undefined : this.world.withId(actor.entity, id)[0];
    return Object.fromEntries(
      actor.claims.map(({ name, type }): [string, Value] => {
        const core = this.systemRules.claims.get(name);
        if (row === undefined || core === undefined) return [name, type.list ? [] : null];
        const value = evaluate(core, { variables: { actor: this.linked.of(entity, row) }, now: this.world.now });
        return [name, Array.isArray(value) ? value.filter((item) => item !== null) : value];
      }),
    );
  }
}
