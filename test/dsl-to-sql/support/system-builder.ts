/** Small systems for the compiler's tests: fills in what the DSL would infer, as the contract says it. */
import {
  type Action,
  type Claim,
  type Entity,
  type Field,
  type FieldType,
  objectName,
  type Policy,
  type System,
  snakeCase,
  system as systemSchema,
} from "../../../src/model/index.ts";

export interface FieldOptions {
  readonly type: FieldType;
  readonly required?: boolean;
  readonly unique?: boolean;
  readonly index?: boolean;
  readonly default?: Field["default"];
  readonly virtual?: string;
  readonly generated?: string;
  readonly rows?: "reader" | "all";
  readonly description?: string;
  /** With a rule for reading, the field lies in a side table. */
  readonly access?: Field["access"];
  readonly writable?: Field["writable"];
}

export interface EntityOptions {
  readonly tenant?: boolean;
  readonly events?: boolean;
  readonly description?: string;
  readonly fields: Readonly<Record<string, FieldOptions>>;
  readonly rules?: Readonly<Record<string, { readonly expression: string; readonly message: string }>>;
  readonly indexes?: Entity["indexes"];
  /** In short what allows commands; in full anything that a policy can say. */
  readonly policies?: readonly (
    | readonly [commands: readonly string[], name: string, expression: string]
    | (Partial<Policy> & Pick<Policy, "name" | "expression">)
  )[];
  readonly actions?: Readonly<
    Record<string, Partial<Omit<Action, "name" | "function" | "input">> & { input?: Record<string, FieldOptions> }>
  >;
}

export const scalar = (name: string, more: object = {}): FieldType =>
  ({ kind: "scalar", scalar: name, ...more }) as FieldType;
export const text = (max?: number): FieldType => scalar("text", max === undefined ? {} : { max });
export const one = (entity: string, onDelete: "restrict" | "cascade" | "set null" = "restrict"): FieldType => ({
  kind: "one",
  entity,
  onDelete,
});
export const many = (entity: string, via: string): FieldType => ({ kind: "many", entity, via });
export const state = (states: readonly string[], initial: string): FieldType => ({
  kind: "state",
  states: [...states],
  initial,
});

const SQL_TYPES: Readonly<Record<string, string>> = {
  uuid: "uuid",
  text: "text",
  slug: "text",
  integer: "integer",
  bigint: "bigint",
  money: "bigint",
  boolean: "boolean",
  date: "date",
  timestamp: "timestamptz",
  json: "jsonb",
  roles: "text[]",
};

function sqlTypeOf(type: FieldType): string {
  if (type.kind === "one") return "uuid";
  if (type.kind === "state") return "text";
  if (type.kind === "many") throw new TypeError("a relation has no type in SQL");
  return type.scalar === "decimal" ? `numeric(${type.precision}, ${type.scale})` : (SQL_TYPES[type.scalar] ?? "text");
}

function makeField(name: string, options: FieldOptions, entity = ""): Field {
  const { type, required = false } = options;
  const column = type.kind === "one" ? `${snakeCase(name)}_id` : snakeCase(name);
  const isWritable = type.kind !== "many" && type.kind !== "state" && !options.virtual && !options.generated;
  return {
    name,
    type,
    required: required || type.kind === "state",
    storage:
      type.kind === "many"
        ? { kind: "relation" }
        : options.virtual !== undefined
          ? { kind: "virtual", expression: options.virtual, rows: options.rows ?? "reader" }
          : options.generated !== undefined
            ? { kind: "generated", column, sqlType: sqlTypeOf(type), expression: options.generated }
            : options.access?.read !== undefined
              ? { kind: "side", table: objectName(snakeCase(entity), column), column, sqlType: sqlTypeOf(type) }
              : { kind: "column", column, sqlType: sqlTypeOf(type) },
    writable: options.writable ?? { create: isWritable, update: isWritable && options.access?.change !== "never" },
    ...(options.access === undefined ? {} : { access: options.access }),
    ...(options.default === undefined ? {} : { default: options.default }),
    ...(options.description === undefined ? {} : { description: options.description }),
  };
}

const timestamps = (name: string): Field => ({
  name,
  type: scalar("timestamp"),
  required: true,
  storage: { kind: "column", column: snakeCase(name), sqlType: "timestamptz" },
  default: { kind: "generated", by: "now" },
  writable: { create: false, update: false },
  inferred: "every entity has it",
});

export interface SystemOptions {
  readonly entities: Readonly<Record<string, EntityOptions>>;
  readonly tenancy?: boolean;
  readonly roles?: System["roles"];
  readonly permissions?: System["permissions"];
  readonly flags?: System["flags"];
  readonly claims?: readonly Claim[];
  readonly schema?: string;
}

/** Builds and validates a system. With `tenancy`, the entities Tenant, User and Membership must be among the given ones. */
export function buildSystem(options: SystemOptions): System {
  const tenancy = options.tenancy ?? false;
  const drafts = Object.entries(options.entities).map(([name, entity]) => draft(name, entity, tenancy));
  for (const entity of drafts) addForeignKeys(entity, drafts);
  const roles = options.roles ?? [
    { name: "billing", includes: ["member"], of: "tenant" as const, permissions: [] },
    { name: "member", includes: [], of: "tenant" as const, permissions: [] },
  ];
  return systemSchema.parse({
    format: "enginejs/1",
    permissions: options.permissions ?? [],
    flags: options.flags ?? [],
    schema: options.schema ?? "app",
    ...(tenancy
      ? {
          tenancy: {
            entity: "Tenant",
            membership: { entity: "Membership", user: "user", tenant: "tenant", roles: "roles" },
          },
          actor: { entity: "User", claims: options.claims ?? [] },
        }
      : {}),
    roles,
    principals: ["anonymous", "user", "system"],
    entities: drafts.sort((a, b) => (a.name < b.name ? -1 : 1)),
    workflows: [],
    tasks: [],
  });
}

function draft(name: string, options: EntityOptions, tenancy: boolean): Entity {
  const table = snakeCase(name);
  const tenant = options.tenant ?? tenancy;
  const fields: Field[] = [
    ...(tenant
      ? [
          {
            ...makeField("tenant", { type: one("Tenant"), required: true }),
            default: { kind: "generated", by: "tenant" } as const,
            writable: { create: false, update: false },
            inferred: "tenancy",
          },
        ]
      : []),
    {
      ...makeField("id", { type: scalar("uuid"), required: true }),
      default: { kind: "generated", by: "uuid_v7" } as const,
      writable: { create: true, update: false },
    },
    ...Object.entries(options.fields).map(([field, value]) => makeField(field, value, name)),
    timestamps("createdAt"),
    timestamps("updatedAt"),
  ];
  const withTenant = (column: string): string[] => (tenant ? ["tenant_id", column] : [column]);
  const columnOf = (field: string): string => {
    const storage = fields.find((f) => f.name === field)?.storage;
    return storage?.kind === "column" ? storage.column : field;
  };
  const ones = Object.entries(options.fields).filter(([, value]) => value.type.kind === "one" && !value.virtual);
  const plain = Object.entries(options.fields).filter(([, value]) => value.index);
  const uniques = Object.entries(options.fields).filter(([, value]) => value.unique);
  return {
    name,
    table,
    tenant,
    events: options.events ?? false,
    ...(options.description === undefined ? {} : { description: options.description }),
    fields,
    primaryKey: { name: `${table}_pkey`, columns: tenant ? ["tenant_id", "id"] : ["id"] },
    uniques: uniques.map(([field]) => ({
      name: objectName(table, columnOf(field), "key"),
      fields: [field],
      columns: withTenant(columnOf(field)),
    })),
    indexes: [
      ...ones
        .filter(([field]) => !uniques.some(([unique]) => unique === field))
        .map(([field]) => ({
          name: objectName(table, columnOf(field), "idx"),
          columns: withTenant(columnOf(field)),
          inferred: `foreign key ${field}`,
        })),
      ...plain.map(([field]) => ({
        name: objectName(table, columnOf(field), "idx"),
        columns: withTenant(columnOf(field)),
      })),
      ...(options.indexes ?? []),
    ],
    foreignKeys: [],
    checks: Object.entries(options.rules ?? {}).map(([rule, { expression, message }]) => ({
      name: objectName(table, snakeCase(rule), "check"),
      expression,
      message,
    })),
    policies: (options.policies ?? []).map((policy): Policy => {
      const given =
        "name" in policy
          ? policy
          : { commands: policy[0] as Policy["commands"], name: policy[1], expression: policy[2] };
      return { effect: "allow", commands: [], actions: [], ...given };
    }),
    actions: Object.entries(options.actions ?? {}).map(([action, value]) => {
      const { input = {}, ...rest } = value;
      return {
        guards: [],
        effects: [],
        ...rest,
        name: action,
        function: objectName(snakeCase(action), table),
        input: Object.entries(input).map(([field, fieldOptions]) => makeField(field, fieldOptions)),
      };
    }),
    views: [],
    operations: [],
  };
}

function addForeignKeys(entity: Entity, all: readonly Entity[]): void {
  for (const field of entity.fields) {
    if (field.type.kind !== "one" || field.storage.kind !== "column") continue;
    const { column } = field.storage;
    const { onDelete, entity: name } = field.type;
    const target = all.find((candidate) => candidate.name === name);
    if (target === undefined) throw new TypeError(`no entity ${name}`);
    const composite = entity.tenant && target.tenant;
    entity.foreignKeys.push({
      name: objectName(entity.table, column, "fkey"),
      field: field.name,
      columns: composite ? ["tenant_id", column] : [column],
      references: { entity: target.name, table: target.table, columns: composite ? ["tenant_id", "id"] : ["id"] },
      onDelete,
    });
  }
}
