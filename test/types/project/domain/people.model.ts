import { action, allow, array, boolean, can, deny, entity, integer, money, ref, roles, text } from "enginejs";
import { isBilling, isMemberOfTenant, isOwnFolder, isTeammate } from "../policies/rules.policy.ts";

entity("Tenant", { tenant: false, fields: { name: text() } });
entity("User", {
  tenant: false,
  fields: { email: text().required(), level: integer(), memberships: array(ref("Membership")) },
});
entity("Membership", { fields: { user: ref("User").required(), team: ref("Team"), roles: roles().required() } });
entity("Team", { fields: { members: array(ref("Member")) } });
entity("Member", { fields: { team: ref("Team"), user: ref("User") } });
entity("Project", { fields: { team: ref("Team") }, policies: allow({ read: isTeammate }) });

entity("Folder", {
  fields: { owner: ref("User"), parent: ref("Folder"), team: ref("Team"), open: boolean() },
  policies: [
    allow("read", "owners of the folder or one above").when(({ row, actor }) =>
      row.selfAndAncestors("parent").exists((f) => f.owner.id.eq(actor.id)),
    ),
    allow(["read", "move"], "teams").when(({ row, actor }) => row.team.id.in(actor.claims.teams)),
    allow("update", "owners move it below their own").when(isOwnFolder).withCheck(isMemberOfTenant),
    allow("update", "billing").when(isBilling).withCheck(({ row }) => row.open.and(row.owner.id.notNull())),
    allow("read", "auditors, for a while").flag("betaBilling").until("2027-01-01").consent("they asked").when(isBilling),
    allow("read", "auditors, for a while yet").when(isBilling).flag("betaBilling").from(new Date(0)),
    deny("update", "nothing moves below what is closed").when(({ row, actor, request, flags }) =>
      row.parent.open
        .not()
        .and(flags.betaBilling, request.time.gt("2026-01-01T00:00:00Z"), request.ip.ne("::1"))
        .and(actor.kind.ne("user"), actor.can("Folder", "move").not(), actor.can("reports.export")),
    ),
    deny({ delete: isOwnFolder, move: ({ row }) => row.open }),
    allow({ move: can("folder", "move"), delete: can("reports.export") }),
  ],
  actions: { move: action() },
});
entity("Employee", {
  fields: {
    user: ref("User").required().immutable(),
    manager: ref("Employee"),
    badge: text().writeOnce(),
    salary: money()
      .required()
      .writable(isBilling, "billing says it")
      .readable(({ row, actor }) =>
        row.user.id.eq(actor.id).or(row.ancestors("manager").exists((m) => m.user.id.eq(actor.id))),
      ),
    bonus: money().readable(({ user, actor, flags }) => flags.betaBilling.and(user.id.eq(actor.id))),
    level: integer().writable(({ actor }) => actor.claims.level.gt(3), "old hands"),
  },
});
