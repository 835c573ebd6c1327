/** What answers about failures need to know of the model. */
import { isSide, type SideField, sideCheckName, valueCheck } from "../../dsl-to-sql/index.ts";
import type { Command, Entity, System } from "../../model/index.ts";

export interface ConstraintFacts {
  readonly entity: Entity;
  readonly kind: "unique" | "reference" | "check" | "key";
  /** The fields that it is about, by the model's names. */
  readonly fields: readonly string[];
  /** A check's sentence. */
  readonly message?: string;
  /** The entity that a reference points to. */
  readonly references?: string;
}

/** What a root field of Mutation does to which entity. */
export interface MutationFacts {
  readonly entity: Entity;
  readonly command: Command | "action";
  /** The sentences of the rules that allow it. */
  readonly rules: readonly string[];
  /** The sentences of the rules that deny it. */
  readonly denials: readonly string[];
}

export class ModelFacts {
  readonly #constraints = new Map<string, ConstraintFacts>();
  readonly #mutations = new Map<string, MutationFacts>();
  readonly #fieldByColumn = new Map<string, string>();
  readonly #entityByTable = new Map<string, Entity>();
  /** True: each token must name a tenant. */
  readonly tenancy: boolean;
  /** The PostgreSQL schema of its tables. */
  readonly schema: string;

  constructor(system: System) {
    this.schema = system.schema;
    this.tenancy = system.tenancy !== undefined;
    for (const entity of system.entities) {
      this.#entityByTable.set(entity.table, entity);
      this.#addConstraints(entity);
      this.#addMutations(entity);
      for (const field of entity.fields) {
        if (field.storage.kind === "column")
          this.#fieldByColumn.set(`${entity.table}.${field.storage.column}`, field.name);
        if (isSide(field)) this.#addSideField(entity, field);
      }
    }
  }

  /** Constraint names are unique per table only. */
  constraint(table: string | undefined, name: string | undefined): ConstraintFacts | undefined {
    return this.#constraints.get(`${table}.${name}`);
  }

  mutation(fieldName: string | undefined): MutationFacts | undefined {
    return fieldName === undefined ? undefined : this.#mutations.get(fieldName);
  }

  fieldOf(table: string | undefined, column: string | undefined): string | undefined {
    return this.#fieldByColumn.get(`${table}.${column}`);
  }

  #addConstraints(entity: Entity): void {
    const set = (name: string, facts: Omit<ConstraintFacts, "entity">) =>
      this.#constraints.set(`${entity.table}.${name}`, { entity, ...facts });
    set(entity.primaryKey.name, { kind: "key", fields: ["id"] });
    for (const { name, fields } of entity.uniques) set(name, { kind: "unique", fields });
    for (const { name, message } of entity.checks) set(name, { kind: "check", fields: [], message });
    for (const { name, field, references } of entity.foreignKeys) {
      set(name, { kind: "reference", fields: [field], references: references.entity });
    }
  }

  /** What its own table refuses is told like what the entity's refuses. */
  #addSideField(entity: Entity, field: SideField): void {
    const { table, column } = field.storage;
    this.#fieldByColumn.set(`${table}.${column}`, field.name);
    const message = valueCheck(field, field.name)?.message;
    this.#constraints.set(`${table}.${sideCheckName(field)}`, {
      entity,
      kind: "check",
      fields: [field.name],
      ...(message === undefined ? {} : { message: `${field.name} ${message}` }),
    });
  }

  #addMutations(entity: Entity): void {
    for (const command of ["create", "update", "delete"] as const) {
      const sentences = (effect: "allow" | "deny") =>
        entity.policies.filter((policy) => policy.effect === effect && policy.commands.includes(command));
      const [rules, denials] = [sentences("allow"), sentences("deny")].map((found) => found.map(({ name }) => name));
      this.#mutations.set(`${command}${entity.name}`, { entity, command, rules: rules ?? [], denials: denials ?? [] });
    }
    for (const action of entity.actions) {
      const rules = action.allow ? [action.allow.name] : [];
      this.#mutations.set(`${action.name}${entity.name}`, { entity, command: "action", rules, denials: [] });
    }
  }
}
