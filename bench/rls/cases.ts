/** The rules that are measured: as the model says them, as a person would write the query, as a first policy would. */

export interface RlsCase {
  readonly name: string;
  /** The model's rule, over `row` and `actor`. */
  readonly rule: string;
  /** The same condition in a query over the plain view `d`; `:tenant` and `:actor` are parameters. */
  readonly byHand: string;
  /** The same as a policy on the unindexed table, functions not wrapped. */
  readonly naive: string;
}

export const cases: readonly RlsCase[] = [
  {
    name: "owner",
    rule: "row.owner.id.eq(actor.id)",
    byHand: "d.tenant_id = $tenant and d.owner_id = $actor",
    naive: "tenant_id = enginejs.tenant_id() and owner_id = enginejs.actor_id()",
  },
  {
    name: "tenant",
    rule: "row.tenant.id.eq(actor.tenantId)",
    byHand: "d.tenant_id = $tenant",
    naive: "tenant_id = enginejs.tenant_id()",
  },
  {
    name: "member",
    rule: "row.team.members.exists((m) => m.user.id.eq(actor.id))",
    byHand:
      "d.tenant_id = $tenant and d.team_id in (select m.team_id from bench.team_member m where m.tenant_id = $tenant and m.user_id = $actor)",
    naive: "tenant_id = enginejs.tenant_id() and bench.is_member(team_id)",
  },
  {
    name: "two-hop",
    rule: "row.project.team.members.exists((m) => m.user.id.eq(actor.id))",
    byHand:
      "d.tenant_id = $tenant and d.project_id in (select p.id from bench.project p join bench.team_member m on m.tenant_id = p.tenant_id and m.team_id = p.team_id where p.tenant_id = $tenant and m.user_id = $actor)",
    naive: "tenant_id = enginejs.tenant_id() and bench.is_project_member(project_id)",
  },
  {
    name: "tree",
    rule: 'row.folder.selfAndAncestors("parent").exists((f) => f.owner.id.eq(actor.id))',
    byHand:
      "d.tenant_id = $tenant and d.folder_id in (with recursive down as (select f.id from bench.folder f where f.tenant_id = $tenant and f.owner_id = $actor union select f.id from bench.folder f join down on f.parent_id = down.id where f.tenant_id = $tenant) select id from down)",
    naive: "tenant_id = enginejs.tenant_id() and bench.is_below_own(folder_id)",
  },
];

export interface RlsQuery {
  readonly name: string;
  /** What is asked, of the table or view `d` under the condition. `$document` is the id of a document of the actor's tenant. */
  text(from: string, condition?: string): string;
}

const where = (...conditions: readonly (string | undefined)[]): string => {
  const given = conditions.filter((condition) => condition !== undefined);
  return given.length === 0 ? "" : ` where ${given.join(" and ")}`;
};

export const queries: readonly RlsQuery[] = [
  {
    name: "list",
    text: (from, condition) => `select d.id, d.title from ${from} d${where(condition)} order by d.id limit 50`,
  },
  {
    name: "get",
    text: (from, condition) => `select d.id, d.title from ${from} d${where("d.id = $document", condition)}`,
  },
  { name: "count", text: (from, condition) => `select count(*) from ${from} d${where(condition)}` },
];
