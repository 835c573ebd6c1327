import { defineConfig } from "enginejs";

export default defineConfig({
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: {
    entity: "User",
    claims: {
      teams: ({ actor }) => actor.memberships.map((m) => m.team.id),
      level: ({ actor }) => actor.level,
      isNew: ({ actor }) => actor.memberships.size().eq(0),
    },
  },
  permissions: { "reports.export": "download the yearly report", "Invoice.pay": "let money go" },
  flags: { betaBilling: { describe: "The new billing", default: true }, freeze: {} },
  roles: {
    member: { can: { Folder: ["read", "write"] } },
    billing: { extends: ["member"], can: { Invoice: ["read", "update", "pay"], employee: "*" } },
    auditor: { permissions: ["reports.export"] },
    clerk: { can: { Employee: ["update"] } },
    head: { extends: ["billing", "auditor"] },
    operator: { of: "system" },
  },
  consents: {
    "roles.billing": "they pay themselves, 2026-11",
    "Invoice.pay": "ticket 4711",
    "Employee.salary": "works council",
    "claims.teams": "teams grew",
    "flags.freeze": "it thawed",
    Folder: "all of it",
  },
});
