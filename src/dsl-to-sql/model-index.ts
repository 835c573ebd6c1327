/** Look-ups into the IR that every part of the compiler needs, each made once. */
import type { SourceLocation } from "../errors/diagnostic.ts";
import type { Catalog } from "../expression/catalog.ts";
import {
  type Claim,
  catalogOf,
  type Entity,
  type Field,
  objectName,
  type SourceMap,
  type System,
  snakeCase,
} from "../model/index.ts";
import type { QualifiedName } from "../sql-ast/expressions.ts";

export interface MembershipColumns {
  readonly entity: Entity;
  readonly user: string;
  readonly tenant: string;
  readonly roles: string;
}

export class ModelIndex {
  readonly system: System;
  readonly catalog: Catalog;
  /** By name: the order of the IR's own list says nothing. */
  readonly entities: readonly Entity[];
  readonly membership: MembershipColumns | undefined;
  private readonly sourceMap: SourceMap;
  private readonly byName: ReadonlyMap<string, Entity>;
  private readonly byTable: ReadonlyMap<string, Entity>;
  private readonly rules: ReadonlyMap<string, string>;

  constructor(system: System, sourceMap: SourceMap = {}) {
    this.system = system;
    this.sourceMap = sourceMap;
    this.catalog = catalogOf(system);
    this.entities = sortedBy(system.entities, (entity) => entity.name);
    this.byName = new Map(this.entities.map((entity) => [entity.name, entity]));
    this.byTable = new Map(this.entities.map((entity) => [entity.table, entity]));
    this.membership = this.findMembership();
    this.rules = this.indexRules();
  }

  entity(name: string): Entity {
    const entity = this.byName.get(name);
    if (entity === undefined) throw new TypeError(`the IR names the entity ${name} and does not hold it`);
    return entity;
  }

  entityOfTable(table: string): Entity | undefined {
    return this.byTable.get(table);
  }

  table(entity: Entity): QualifiedName {
    return this.name(entity.table);
  }

  /** A name in the application's schema. */
  name(name: string): QualifiedName {
    return { schema: this.system.schema, name };
  }

  /** `app.claim_teams` */
  claimFunction({ name }: Pick<Claim, "name">): QualifiedName {
    return this.name(objectName("claim", snakeCase(name)));
  }

  where(source: string): SourceLocation | undefined {
    return sourceLocationOf(this.sourceMap, source);
  }

  /** The source map's key of a rule: the IR holds its constraint's name, the source map the rule's own. */
  ruleSource(entity: Entity, constraint: string): string {
    return this.rules.get(`${entity.name} ${constraint}`) ?? entity.name;
  }

  private indexRules(): ReadonlyMap<string, string> {
    const rules = new Map<string, string>();
    for (const key of Object.keys(this.sourceMap)) {
      const [entityName, kind, rule] = key.split(".", 3);
      const entity = kind === "rules" && entityName !== undefined ? this.byName.get(entityName) : undefined;
      if (entity === undefined || rule === undefined) continue;
      rules.set(`${entity.name} ${objectName(entity.table, snakeCase(rule), "check")}`, key);
    }
    return rules;
  }

  private findMembership(): MembershipColumns | undefined {
    const { tenancy } = this.system;
    if (tenancy === undefined) return undefined;
    const entity = this.entity(tenancy.membership.entity);
    return {
      entity,
      user: storedColumn(fieldOf(entity, tenancy.membership.user)),
      tenant: storedColumn(fieldOf(entity, tenancy.membership.tenant)),
      roles: storedColumn(fieldOf(entity, tenancy.membership.roles)),
    };
  }
}

export function fieldOf(entity: Entity, name: string): Field {
  const field = entity.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new TypeError(`the IR names the field ${entity.name}.${name} and does not hold it`);
  return field;
}

/** The column of a field that has one. */
export function storedColumn(field: Field): string {
  if (field.storage.kind === "column" || field.storage.kind === "generated") return field.storage.column;
  throw new TypeError(`the field ${field.name} has no column`);
}

export const isStored = (
  field: Field,
): field is Field & { readonly storage: Extract<Field["storage"], { kind: "column" | "generated" }> } =>
  field.storage.kind === "column" || field.storage.kind === "generated";

/** The column that holds the tenant of an entity's rows. */
export const tenantColumn = (entity: Entity): string | undefined =>
  entity.tenant ? entity.primaryKey.columns[0] : undefined;

/** The column of the entity's own id, the last of its key. */
export const idColumn = (entity: Entity): string => entity.primaryKey.columns.at(-1) ?? "id";

/** A copy in the order of a key, by code unit: the same on every machine. */
export function sortedBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item);
}

/** Where a node of the model was written, as far as that is known. */
export function sourceLocationOf(sourceMap: SourceMap, path: string): SourceLocation | undefined {
  const found = Object.hasOwn(sourceMap, path) ? sourceMap[path] : undefined;
  if (found === undefined) return undefined;
  const { file, line, column, length } = found;
  return length === undefined ? { file, line, column } : { file, line, column, length };
}
