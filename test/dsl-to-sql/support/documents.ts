/** A domain with everything that policies can say: denies, checks, actions by name, permissions, claims, flags, trees. */
import type { Claim, System } from "../../../src/model/index.ts";
import { invoicingEntities } from "./invoicing.ts";
import {
  buildSystem,
  type EntityOptions,
  many,
  one,
  type SystemOptions,
  scalar,
  state,
  text,
} from "./system-builder.ts";

/** A sentence that tries every quote on its way. */
export const HOSTILE = `it's "sent"; drop table app.document; -- $$ $function$ \\ {"a": %s} \u{1F980}`;

export const claims = [
  {
    name: "teams",
    expression: "actor.teams.map(m, m.team.id)",
    type: { list: true, scalar: "uuid", sqlType: "uuid[]" },
  },
  { name: "nickname", expression: "actor.name", type: { list: false, scalar: "string", sqlType: "text" } },
] satisfies Claim[];

const isOwner = "row.owner.id == actor.id";

export const documents: EntityOptions = {
  fields: {
    owner: { type: one("User"), required: true },
    team: { type: one("Team") },
    title: { type: text(50), required: true },
    isLocked: { type: scalar("boolean"), required: true, default: { kind: "value", value: false } },
    budget: { type: scalar("integer") },
    status: { type: state(["draft", "sent", "paid", "hidden", "archived"], "draft") },
  },
  policies: [
    { name: "members read", commands: ["read"], expression: "row.tenant.id == actor.tenantId" },
    {
      name: "what is hidden is not there",
      effect: "deny",
      commands: ["read"],
      expression: 'row.status == "hidden" && !("billing" in actor.roles)',
    },
    { name: "people make their own", commands: ["create"], expression: isOwner },
    { name: "nothing is born locked", effect: "deny", commands: ["create"], expression: "row.isLocked" },
    {
      name: "owners keep what is theirs, and small",
      commands: ["update"],
      expression: isOwner,
      check: `${isOwner} && row.budget <= 100`,
    },
    { name: "billing takes over", commands: ["update"], expression: '"billing" in actor.roles', check: isOwner },
    {
      name: "what is locked stays as it is",
      effect: "deny",
      commands: ["update"],
      expression: "row.isLocked",
      check: "row.budget > 1000",
    },
    { name: "owners delete", commands: ["delete"], expression: isOwner },
    {
      name: "paid and large ones stay",
      effect: "deny",
      commands: ["delete"],
      expression: 'row.status == "paid" || row.budget > 500',
    },
    { name: "those who may pay", actions: ["pay"], expression: '"Document.pay" in actor.permissions' },
    { name: "nobody pays his own", effect: "deny", actions: ["pay"], expression: isOwner },
    { name: HOSTILE, effect: "deny", actions: ["send"], expression: 'row.title == "hostile"' },
  ],
  actions: {
    send: { transition: { field: "status", from: ["draft"], to: "sent" } },
    pay: { transition: { field: "status", from: ["sent"], to: "paid" } },
    hide: {
      transition: { field: "status", from: ["draft", "sent", "paid"], to: "hidden" },
      allow: { name: "everybody hides", expression: "true" },
    },
    archive: {
      transition: { field: "status", from: ["draft", "hidden"], to: "archived" },
      allow: { name: "everybody archives", expression: "true" },
    },
  },
};

export const teams: Readonly<Record<string, EntityOptions>> = {
  ...invoicingEntities,
  User: {
    ...invoicingEntities.User,
    fields: { ...invoicingEntities.User?.fields, teams: { type: many("TeamMember", "user") } },
  },
  Team: { fields: { members: { type: many("TeamMember", "team") } } },
  TeamMember: {
    fields: { team: { type: one("Team", "cascade"), required: true }, user: { type: one("User"), required: true } },
  },
};

export const documentSystem = (options: Partial<SystemOptions> = {}): System =>
  buildSystem({
    tenancy: true,
    claims,
    permissions: [{ name: "Document.pay" }],
    roles: [
      { name: "billing", includes: ["member"], of: "tenant", permissions: ["Document.pay"] },
      { name: "member", includes: [], of: "tenant", permissions: [] },
    ],
    flags: [{ name: "beta", default: false }],
    ...options,
    entities: { ...teams, Document: documents, ...options.entities },
  });
