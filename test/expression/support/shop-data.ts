/** Random rows of the shop, in PostgreSQL and as the evaluator's objects at once. */
import type pg from "pg";
import { parseDecimal } from "../../../src/expression/decimal.ts";
import { type EvaluatedRow, formatDate, formatTimestamp } from "../../../src/expression/index.ts";
import type { Random } from "./random.ts";
import { PLANS, ROLES, SCHEMA, STATES } from "./shop.ts";

export const STRINGS = [
  ...["", "a", "A", "b", "B", "abc", "ABC", "aé", "é", "z", "Z", "a b", "a-b", "a_b", "a%", "\\x", "it's", '"q"'],
  ...["😀", "～", "ß", "ﬁ", "İ", "e\u0301", "line\nbreak", "abc\n", "10", "9", "_", "$$", "\u{10ffff}", "\ue000"],
];
/** Some columns are bigint, some integer: both are the language's int. */
const INTEGERS = [0n, 1n, 2n, 3n, -1n, -5n, 7n, 100n, 2_147_483_647n, -2_147_483_648n];
const BIGINTS = [...INTEGERS, 3_000_000_000n];
const DECIMALS = ["0.00", "0.10", "0.20", "0.30", "1.00", "-1.50", "9999999999.99", "3.33"];
const RATES = ["0", "1", "0.5", "-0.00001", "12345.6789", "1000000", "0.3333333333", "7.0", "-2", "99999999"];

type Row = Record<string, unknown>;

export interface ShopCell {
  /** Tenant and id. */
  readonly key: string;
  readonly env: number;
  readonly variables: Record<string, EvaluatedRow | unknown>;
}

export interface Shop {
  /** Every invoice with each of the environments. */
  readonly cells: readonly ShopCell[];
  readonly ids: readonly string[];
}

/** Creates the tables, fills them and gives the same rows as objects. */
export async function createShop(client: pg.Client, random: Random): Promise<Shop> {
  await client.query(SCHEMA);
  const make = new Maker(random);
  make.all();
  for (const [table, rows] of make.tables) await insert(client, table, rows);
  await client.query("analyze");
  return { cells: make.cells(), ids: make.ids };
}

/** One statement per table: the rows go as JSON, PostgreSQL knows the types. */
async function insert(client: pg.Client, table: string, rows: readonly Row[]): Promise<void> {
  const json = JSON.stringify(rows, (_, value) => (typeof value === "bigint" ? String(value) : value));
  await client.query(`insert into shop.${table} select * from jsonb_populate_recordset(null::shop.${table}, $1)`, [
    json,
  ]);
}

class Maker {
  readonly tables = new Map<string, Row[]>();
  readonly ids: string[] = [];
  private readonly random: Random;
  private readonly invoices: { object: Row; row: Row }[] = [];
  private envs: Row[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  private next = 0;

  /** Ids begin anew in every tenant, so that a join that forgets the tenant finds rows of another. */
  private id(): string {
    const id = `00000000-0000-4000-8000-${String(++this.next).padStart(12, "0")}`;
    if (!this.ids.includes(id)) this.ids.push(id);
    return id;
  }

  private add(table: string, row: Row): void {
    this.tables.set(table, [...(this.tables.get(table) ?? []), row]);
  }

  private timestamp(): bigint {
    const day = BigInt(20_000 + this.random.below(800));
    const time = BigInt(this.random.below(86_400)) * 1_000_000n;
    return day * 86_400_000_000n + time + (this.random.oneIn(2) ? BigInt(this.random.below(1_000_000)) : 0n);
  }

  all(): void {
    const { random } = this;
    const people = Array.from({ length: 6 }, () => this.person());
    // Anybody may be anybody's manager: chains, circles, and who is his own.
    this.link("person", people, "manager", "manager_id");
    for (let t = 0; t < 3; t++) {
      this.next = 0;
      const tenant = { id: `00000000-0000-4000-9000-00000000000${t}`, name: random.pick(STRINGS) };
      this.add("tenant", tenant);
      const teams: Row[] = [];
      for (let i = 0; i < 4; i++) teams.push(this.team(tenant, people));
      this.link("team", teams, "parent", "parent_id");
      for (let i = 0; i < 14; i++) this.invoice(tenant, teams, people);
    }
    for (const { object, row } of this.invoices) {
      const siblings = this.invoices.filter((invoice) => invoice.row.tenant_id === row.tenant_id);
      const other = random.oneIn(3) ? null : random.pick(siblings);
      row.other_id = other?.object.id ?? null;
      object.$other = other?.object ?? null;
      object.previous = object.$other;
    }
    this.environments(people);
  }

  private readonly stored = new Map<Row, Row>();

  /** References of rows to others of their kind, at random. */
  private link(table: string, rows: readonly Row[], field: string, column: string): void {
    for (const row of rows) {
      const other = this.random.maybe(this.random.pick(rows));
      row[field] = other;
      const stored = this.stored.get(row);
      if (stored === undefined) throw new Error(`no row of ${table} was stored`);
      stored[column] = other?.id ?? null;
    }
  }

  /** A row of a side table; sometimes there is none, as where a policy hides it. */
  private side(table: string, key: Row, column: string, value: unknown): boolean {
    if (this.random.oneIn(4)) return false;
    this.add(table, { ...key, [column]: value });
    return true;
  }

  private person(): Row {
    const { random } = this;
    const person = {
      id: this.id(),
      name: random.maybe(random.pick(STRINGS)),
      level: random.maybe(random.pick(INTEGERS)),
    };
    const stored: Row = { ...person };
    this.add("person", stored);
    const salary = random.maybe(random.pick(BIGINTS));
    const shown = this.side("person_salary", { id: person.id }, "salary", salary);
    const object: Row = { ...person, owned: [], salary: shown ? salary : null };
    this.stored.set(object, stored);
    return object;
  }

  private team(tenant: Row, people: readonly Row[]): Row {
    const { random } = this;
    const lead = random.maybe(random.pick(people));
    const budget = random.maybe(random.pick(RATES));
    const own = { id: this.id(), name: random.maybe(random.pick(STRINGS)), plan: random.pick(PLANS) };
    const stored: Row = { ...own, tenant_id: tenant.id, budget, lead_id: lead?.id ?? null, parent_id: null };
    this.add("team", stored);
    const members: Row[] = [];
    const secret = random.maybe(random.pick(STRINGS));
    const shown = this.side("team_secret", { tenant_id: tenant.id, id: own.id }, "secret", secret);
    const team: Row = { ...own, budget: decimal(budget), tenant, lead, members, invoices: [] };
    team.secret = shown ? secret : null;
    this.stored.set(team, stored);
    for (let i = random.below(4); i > 0; i--) {
      const person = random.maybe(random.pick(people));
      const score = random.maybe(random.pick(INTEGERS));
      const role = random.maybe(random.pick(ROLES));
      const joined = random.maybe(BigInt(20_000 + random.below(800)));
      const member = { id: this.id(), role, score };
      const keys = { tenant_id: tenant.id, team_id: team.id, person_id: person?.id ?? null };
      this.add("member", { ...member, ...keys, joined_on: joined === null ? null : formatDate(joined) });
      members.push({ ...member, joinedOn: joined, tenant, team, person });
    }
    return team;
  }

  private invoice(tenant: Row, teams: readonly Row[], people: readonly Row[]): void {
    const { random } = this;
    const team = random.maybe(random.pick(teams));
    const home = random.pick(teams);
    const owner = random.maybe(random.pick(people));
    const plain = {
      id: this.id(),
      code: random.pick(STRINGS),
      status: random.pick(STATES),
      title: random.maybe(random.pick(STRINGS)),
      qty: random.maybe(random.pick(BIGINTS)),
      paid: random.maybe(random.oneIn(2)),
      ref: random.maybe(random.pick(this.ids)),
      tags: random.maybe(Array.from({ length: random.below(3) }, () => random.pick(STRINGS))),
      meta: random.maybe({ a: 1 }),
    };
    const amount = random.maybe(random.pick(DECIMALS));
    const rate = random.maybe(random.pick(RATES));
    const due = random.maybe(BigInt(20_000 + random.below(800)));
    const starts = random.maybe(this.timestamp());
    const ends = random.maybe(this.timestamp());
    const span = random.maybe(BigInt(random.below(400_000_000)) * 1000n * (random.oneIn(3) ? -1n : 1n));
    const row = {
      ...plain,
      tenant_id: tenant.id,
      amount,
      rate,
      due_on: due === null ? null : formatDate(due),
      starts_at: starts === null ? null : formatTimestamp(starts),
      ends_at: ends === null ? null : formatTimestamp(ends),
      // Half of them with days, which PostgreSQL keeps apart from the hours.
      span: span === null ? null : `${span / 86_400_000_000n} days ${span % 86_400_000_000n} microseconds`,
      team_id: team?.id ?? null,
      home_id: home.id,
      owner_id: owner?.id ?? null,
    };
    this.add("invoice", row);
    const key = { tenant_id: tenant.id, id: plain.id };
    const margin = random.maybe(random.pick(DECIMALS));
    const reviewedAt = random.maybe(this.timestamp());
    const reviewed = reviewedAt === null ? null : formatTimestamp(reviewedAt);
    const marginShown = this.side("invoice_margin", key, "margin", margin);
    const reviewShown = this.side("invoice_review", key, "reviewed_at", reviewed);
    const lines: Row[] = [];
    const times = { dueOn: due, startsAt: starts, endsAt: ends, span };
    const object: Row = {
      ...plain,
      ...times,
      margin: marginShown ? decimal(margin) : null,
      reviewedAt: reviewShown ? reviewedAt : null,
      amount: decimal(amount),
      rate: decimal(rate),
      tenant,
      team,
      home,
      owner,
      lines,
    };
    (team?.invoices as Row[] | undefined)?.push(object);
    (owner?.owned as Row[] | undefined)?.push(object);
    this.invoices.push({ object, row });
    for (let i = random.below(4); i > 0; i--) this.line(object, tenant, lines, people);
  }

  private line(invoice: Row, tenant: Row, lines: Row[], people: readonly Row[]): void {
    const { random } = this;
    const price = random.maybe(random.pick(DECIMALS));
    const at = random.maybe(this.timestamp());
    const approver = random.maybe(random.pick(people));
    const line = {
      id: this.id(),
      qty: random.maybe(random.pick(INTEGERS)),
      paid: random.maybe(random.oneIn(2)),
      note: random.maybe(random.pick(STRINGS)),
    };
    const keys = { tenant_id: tenant.id, invoice_id: invoice.id, approver_id: approver?.id ?? null };
    this.add("line", { ...line, ...keys, price, at: at === null ? null : formatTimestamp(at) });
    lines.push({ ...line, price: decimal(price), at, tenant, invoice, approver });
  }

  private environments(people: readonly Row[]): void {
    const { random } = this;
    const at = this.timestamp();
    const some = <T>(make: () => T) => Array.from({ length: random.below(5) }, () => random.maybe(make()));
    const input = {
      n: 3,
      s: "abc",
      d: "1.50",
      flag: true,
      names: ["a", "é"],
      sub: { m: 7 },
      ints: some(() => random.pick([3, -7, 100, 0])),
      decimals: some(() => random.pick(["1.50", "0.3", "-2", "1000000.001"])),
      times: some(() => formatTimestamp(this.timestamp())),
      lines: Array.from({ length: random.below(4) }, () => ({
        qty: random.maybe(random.pick([1, 2, -3])),
        price: random.maybe(random.pick(["1.5", "-0.25", "10"])),
        ...(random.oneIn(2) && { note: random.pick(STRINGS) }),
      })),
    };
    const none = { names: null, ints: null, decimals: null, times: null, lines: null };
    this.envs = [
      {
        n: 1,
        actor_id: random.pick(people).id,
        roles: ["billing", "dev"],
        teams: [random.pick(this.ids)],
        limit: 3n,
        input: { ...input, at: formatTimestamp(at) },
      },
      { n: 2, actor_id: null, roles: [], teams: null, limit: null, input: null },
      {
        n: 3,
        actor_id: random.pick(people).id,
        roles: ["admin"],
        teams: [],
        limit: 0n,
        input: { n: null, s: null, d: null, flag: false, at: null, sub: null, ...none },
      },
    ];
    for (const env of this.envs) this.add("env", env);
  }

  cells(): ShopCell[] {
    return this.invoices.flatMap(({ object, row }) =>
      this.envs.map((env) => ({
        key: `${row.tenant_id} ${object.id}`,
        env: Number(env.n),
        variables: {
          row: object,
          other: object.$other,
          actor: { id: env.actor_id, roles: env.roles, teams: env.teams },
          limit: env.limit,
          input: env.input,
        },
      })),
    );
  }
}

const decimal = (text: string | null) => (text === null ? null : parseDecimal(text));
