/**
 * A world: the rows of every entity, in memory, and what else the database knows that decisions depend on. The rows are the
 * true ones; what an actor sees of them is what the decisions say.
 */
import type { Value } from "../expression/index.ts";

/** A row by its field names, values as the evaluator holds them: a reference is the id that it holds. */
export type StoredRow = Readonly<Record<string, Value>>;

/** A role that is given beside the membership's, for a time: from, and until, exclusive, in µs since 1970. */
export interface RoleGrant {
  readonly actor: string;
  /** Null in a system without tenancy. */
  readonly tenant: string | null;
  readonly role: string;
  readonly from: bigint;
  readonly until: bigint;
}

/** A program that acts in a tenant with roles of its own. */
export interface ServiceAccount {
  readonly id: string;
  readonly tenant: string | null;
  readonly roles: readonly string[];
}

/** How a flag is turned: for one tenant, or with null for everybody. */
export interface FlagSetting {
  readonly flag: string;
  readonly tenant: string | null;
  readonly value: boolean;
}

export interface WorldContent {
  readonly rows: Readonly<Record<string, readonly StoredRow[]>>;
  readonly grants?: readonly RoleGrant[];
  readonly accounts?: readonly ServiceAccount[];
  readonly flags?: readonly FlagSetting[];
  /** What `now()` is: µs since 1970. */
  readonly now: bigint;
}

export class World {
  readonly now: bigint;
  readonly grants: readonly RoleGrant[];
  readonly accounts: readonly ServiceAccount[];
  readonly flags: readonly FlagSetting[];
  private readonly byEntity: ReadonlyMap<string, readonly StoredRow[]>;
  private readonly byId = new Map<string, StoredRow[]>();

  constructor(content: WorldContent) {
    this.now = content.now;
    this.grants = content.grants ?? [];
    this.accounts = content.accounts ?? [];
    this.flags = content.flags ?? [];
    this.byEntity = new Map(Object.entries(content.rows));
    for (const [entity, rows] of this.byEntity) {
      for (const row of rows) {
        const key = `${entity} ${row.id}`;
        const same = this.byId.get(key);
        if (same === undefined) this.byId.set(key, [row]);
        else same.push(row);
      }
    }
  }

  rows(entity: string): readonly StoredRow[] {
    return this.byEntity.get(entity) ?? [];
  }

  /** The rows with an id; several where tenants use the same one. */
  withId(entity: string, id: string): readonly StoredRow[] {
    return this.byId.get(`${entity} ${id}`) ?? [];
  }
}
