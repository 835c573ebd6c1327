import { action, allow, array, can, date, deny, entity, integer, money, ref, roles, state, text, timestamp } from "enginejs";
import { isBilling, isMember, isOwner, isPerson } from "../policies/rules.policy.ts";

entity("Tenant", { tenant: false, fields: { name: text() } });
entity("User", { tenant: false, fields: { level: integer(), memberships: array(ref("Membership")) } });
entity("Membership", { fields: { user: ref("User").required(), team: ref("Team"), roles: roles().required() } });
entity("Team", { fields: { name: text() } });

entity("Folder", {
  fields: { parent: ref("Folder"), owner: ref("User").required(), name: text(), documents: array(ref("Document")) },
  policies: [
    allow(["read", "create"], "owners of the folder or one above").when(({ row, actor }) =>
      row.selfAndAncestors("parent").exists((f) => f.owner.id.eq(actor.id)),
    ),
    allow("update", "below a folder of one's own").when(isOwner).withCheck(({ row, actor }) =>
      row.ancestors("parent").all((f) => f.owner.id.eq(actor.id)),
    ),
  ],
});

entity("Document", {
  fields: { folder: ref("Folder").required(), team: ref("Team"), title: text() },
  policies: [
    allow("read", "in a folder of one's own").when(({ row, actor }) =>
      row.folder.selfAndAncestors("parent").exists((folder) => folder.owner.id.eq(actor.id)),
    ),
    allow("read", "of one's teams").when(({ row, actor }) => row.team.id.in(actor.claims.teams)),
    allow("read", "the auditors, for as long as it takes")
      .flag("betaBilling")
      .from("2026-12-01")
      .until("2027-01-01T08:00:00+01:00")
      .consent("asked for by the auditors")
      .when(can("reports.export")),
  ],
});

entity("Employee", {
  fields: {
    user: ref("User").required().immutable(),
    manager: ref("Employee"),
    name: text().required().writable(isBilling),
    salary: money()
      .required()
      .default(0)
      .writable(isBilling, "billing says what one earns")
      .readable(({ row, actor }) =>
        row.user.id.eq(actor.id).or(row.ancestors("manager").exists((m) => m.user.id.eq(actor.id))),
      ),
    badge: text().writeOnce(),
    note: text().max(200).readable(isBilling, "billing keeps notes"),
    hiredOn: date().readable(({ user, actor, flags }) => flags.freeze.not().and(user.id.eq(actor.id))),
    doubled: money().computed(({ salary }) => salary.times(2)),
  },
  policies: [
    allow({ read: isMember, write: can("employee", "update") }),
    deny({ delete: isPerson }),
    deny("update", "who earns much is left alone").when(({ row, flags }) => row.salary.gt(100_000).and(flags.freeze)),
  ],
});

entity("Invoice", {
  fields: {
    owner: ref("User").required(),
    dueAt: timestamp(),
    status: state(["draft", "sent", "paid"], { initial: "draft" }),
  },
  policies: [
    allow({ read: isMember, write: isOwner, pay: can("Invoice", "pay") }),
    allow(["send", "update"], "owners and old hands").when(({ row, actor }) =>
      row.owner.id.eq(actor.id).or(actor.claims.level.gt(3)),
    ),
    deny(["pay", "delete"], "paid invoices stay").flag("freeze").when(({ row }) => row.status.eq("paid")),
    deny("send", "not too late").when(({ row, request }) => row.dueAt.lt(request.time)),
  ],
  actions: {
    send: action().from("draft").to("sent"),
    pay: action()
      .from("sent")
      .to("paid")
      .guard(({ actor, flags }) => actor.can("Invoice", "pay").or(flags.betaBilling), "needs the right to pay"),
    note: action().allow(isPerson),
  },
});
