/** Random conditions over a row and the actor, by the entities of a model: what policies, guards and field rules may say. */
import type { Entity, System } from "../../../src/model/index.ts";
import type { Random } from "../../../src/policy-test/random.ts";

export class ConditionWriter {
  private readonly system: System;
  private readonly random: Random;
  private names = 0;

  constructor(system: System, random: Random) {
    this.system = system;
    this.random = random;
  }

  /** @param row what stands for the row in the text */
  condition(entity: Entity, row = "row", depth = 3): string {
    const { random } = this;
    if (depth === 0 || random.oneIn(3)) return this.atom(entity, row, depth);
    const part = (): string => this.condition(entity, row, depth - 1);
    return random.pick([
      () => `(${part()} && ${part()})`,
      () => `(${part()} || ${part()})`,
      () => `(${part()} || ${part()} || ${part()})`,
      () => `!(${part()})`,
      () => `(${part()} ? ${part()} : ${part()})`,
      () => this.atom(entity, row, depth),
    ])();
  }

  private atom(entity: Entity, row: string, depth: number): string {
    const { random } = this;
    if (random.oneIn(4)) return this.ofActor();
    const field = random.pick(entity.fields.filter(({ name }) => name !== "createdAt" && name !== "updatedAt"));
    const path = `${row}.${field.name}`;
    const { type } = field;
    if (type.kind === "one") return this.reference(path, type.entity, depth);
    if (type.kind === "many") return this.many(path, type.entity, depth);
    if (random.oneIn(6)) return random.pick([`${path} == null`, `${path} != null`]);
    if (type.kind === "state") {
      const state = JSON.stringify(random.pick(type.states));
      return random.pick([`${path} == ${state}`, `${path} != ${state}`, `${path} in [${state}]`]);
    }
    switch (type.scalar) {
      case "boolean":
        return random.pick([path, `!${path}`, `${path} == true`, `${path} != true`]);
      case "uuid":
        return random.pick([`${path} == actor.id`, `${path} != actor.id`]);
      case "text":
        return random.pick([
          `${path} == "a"`,
          `${path} != "a"`,
          `${path} in ["a", "B"]`,
          `${path} < "b"`,
          `${path}.startsWith("x")`,
          `${path} == "o'k"`,
          `${path} == "back\\\\slash"`,
          `${path}.contains("$")`,
        ]);
      case "roles":
        return `${this.role()} in ${path}`;
      default:
        return random.pick([`${path} > 1`, `${path} == 2`, `${path} <= 0`, `${path} + 1 > 2`, `${path} % 2 == 0`]);
    }
  }

  private reference(path: string, to: string, depth: number): string {
    const { random } = this;
    const target = this.entity(to);
    const choices = [() => `${path} == null`, () => `${path} != null`];
    if (to === this.system.actor?.entity) {
      choices.push(
        () => `${path}.id == actor.id`,
        () => `${path}.id == actor.id`,
        () => `${path}.id != actor.id`,
      );
    }
    if (to === this.system.tenancy?.entity) {
      choices.push(
        () => `${path}.id == actor.tenantId`,
        () => `${path}.name == "a"`,
      );
    }
    if (depth > 0)
      choices.push(
        () => this.atom(target, path, depth - 1),
        () => this.condition(target, path, depth - 1),
      );
    return random.pick(choices)();
  }

  private many(path: string, to: string, depth: number): string {
    const { random } = this;
    if (depth === 0) return random.pick([`${path}.size() > 0`, `${path}.size() == 1`]);
    const x = `x${++this.names}`;
    const inner = (): string => this.condition(this.entity(to), x, Math.min(depth - 1, 1));
    return random.pick([
      () => `${path}.exists(${x}, ${inner()})`,
      () => `${path}.exists(${x}, ${inner()})`,
      () => `${path}.all(${x}, ${inner()})`,
      () => `${path}.filter(${x}, ${inner()}).size() > 0`,
      () => `${path}.filter(${x}, ${inner()}).exists(${x}, ${inner()})`,
      () => `${path}.size() > 1`,
    ])();
  }

  private ofActor(): string {
    const { random } = this;
    return random.pick([
      () => `${this.role()} in actor.roles`,
      () => `!(${this.role()} in actor.roles)`,
      () => "actor.id != null",
      () => "actor.tenantId != null",
      () => "actor.tenantId == null",
      () => "true",
      () => this.ofRequest(),
      () => this.ofRequest(),
      () => random.pick(['now() > timestamp("2020-01-01T00:00:00Z")', "false"]),
    ])();
  }

  private ofRequest(): string {
    const { random } = this;
    const { flags, permissions } = this.system;
    return random.pick([
      'actor.kind == "user"',
      'actor.kind != "anonymous"',
      'actor.kind in ["service", "key"]',
      'request.origin == "https://o\'k.example"',
      'request.ip == "10.0.0.1"',
      "request.origin == null",
      'request.time > timestamp("2020-01-01T00:00:00Z")',
      ...flags.flatMap(({ name }) => [`flags.${name}`, `!flags.${name}`]),
      ...permissions.flatMap(({ name }) => [`"${name}" in actor.permissions`, `!("${name}" in actor.permissions)`]),
    ]);
  }

  private role(): string {
    return JSON.stringify(this.random.pick(this.system.roles).name);
  }

  private entity(name: string): Entity {
    const entity = this.system.entities.find((candidate) => candidate.name === name);
    if (entity === undefined) throw new TypeError(`no entity ${name}`);
    return entity;
  }
}
