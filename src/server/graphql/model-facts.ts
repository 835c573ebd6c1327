/** What answers about failures need to know of the model. */
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
}

export class ModelFacts {
  readonly #constraints = new Map<string, ConstraintFacts>();
  readonly #mutations = new Map<string, MutationFacts>();
  readonly #fieldByColumn = new Map<string, string>();
  readonly #entityByTable = new Map<string, Entity>();
  /** True: each token must name a tenant. */
  readonly tenancy: boolean;

  constructor(system: System) {
    this.tenancy = system.tenancy !== undefined;
    for (const entity of system.entities) {
      this.#entityByTable.set(entity.table, entity);
      this.#addConstraints(entity);
      this.#addMutations(entity);
      for (const field of entity.fields) {
        if (field.storage.kind === "column")
          this.#fieldByColumn.set(`${entity.table}.${field.storage.column}`, field.name);
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

  #addMutations(entity: Entity): void {
    for (const command of ["create", "update", "delete"] as const) {
      const rules = entity.policies.filter((policy) => policy.commands.includes(command)).map((policy) => policy.name);
      this.#mutations.set(`${command}${entity.name}`, { entity, command, rules });
    }
    for (const action of entity.actions) {
      const rules = action.allow ? [action.allow.name] : [];
      this.#mutations.set(`${action.name}${entity.name}`, { entity, command: "action", rules });
    }
  }
}
