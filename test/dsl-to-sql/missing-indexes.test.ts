/** Which policies no index can serve, each with the index that is missing. */
import { describe, expect, test } from "vitest";
import { compile } from "../../src/dsl-to-sql/index.ts";
import type { Claim, System } from "../../src/model/index.ts";
import { documentSystem, teams } from "./support/documents.ts";
import { type FieldOptions, many, one, type SystemOptions, scalar, text } from "./support/system-builder.ts";

const FIELDS: Readonly<Record<string, FieldOptions>> = {
  parent: { type: one("Folder") },
  owner: { type: one("User") },
  team: { type: one("Team") },
  region: { type: text(10) },
  code: { type: scalar("uuid") },
  folders: { type: many("Folder", "parent") },
};

const folders = (expression: string, options: Partial<SystemOptions> = {}): System =>
  documentSystem({
    ...options,
    entities: { ...options.entities, Folder: { fields: FIELDS, policies: [[["read"], "rule", expression]] } },
  });

/** The IR may come without the indexes that the DSL gives every foreign key. */
const without = (system: System, index: string): System => ({
  ...system,
  entities: system.entities.map((entity) => ({
    ...entity,
    indexes: entity.indexes.filter(({ name }) => name !== index),
    uniques: entity.uniques.filter(({ name }) => name !== index),
  })),
});

const hints = (system: System): (string | undefined)[] => {
  const { diagnostics } = compile(system);
  for (const { code, severity } of diagnostics)
    expect({ code, severity }).toEqual({ code: "EJS3002", severity: "warning" });
  return diagnostics.map(({ hint }) => hint).sort();
};

const tree = (self: string): string => `row.${self}("parent").exists(f, f.owner.id == actor.id)`;
const regions = {
  name: "regions",
  expression: "actor.teams.map(m, m.region)",
  type: { list: true, scalar: "string", sqlType: "text[]" },
} satisfies Claim;
const memberships = {
  fields: {
    team: { type: one("Team"), required: true },
    user: { type: one("User"), required: true },
    region: { type: text(10) },
  },
} as const;
const withRegions = { claims: [regions], entities: { TeamMember: memberships } } as const;

describe("served by the indexes that every reference has", () => {
  for (const expression of [
    "row.owner.id == actor.id",
    "row.parent.parent.owner.id == actor.id",
    "row.team.members.exists(m, m.user.id == actor.id)",
    "row.team.id in actor.claims.teams",
    tree("ancestors"),
    tree("selfAndAncestors"),
  ]) {
    test(expression, () => expect(hints(folders(expression))).toEqual([]));
  }
});

describe("served by none", () => {
  const rows: readonly (readonly [label: string, system: System, hint: string])[] = [
    ["a column that is no reference", folders("row.code == actor.id"), "Add an index on folder (tenant_id, code)."],
    [
      "a claim's list",
      folders("row.region in actor.claims.regions", withRegions),
      "Add an index on folder (tenant_id, region).",
    ],
    ["behind a reference", folders("row.parent.code == actor.id"), "Add an index on folder (tenant_id, code)."],
    [
      "the step of a way",
      without(folders("row.parent.team.members.exists(m, m.user.id == actor.id)"), "folder_team_id_idx"),
      "Add an index on folder (tenant_id, team_id).",
    ],
    [
      "the end of a way",
      without(folders("row.team.members.exists(m, m.user.id == actor.id)", { claims: [] }), "team_member_user_id_idx"),
      "Add an index on team_member (tenant_id, user_id).",
    ],
    [
      "the reference that a tree is walked by",
      without(folders(tree("ancestors")), "folder_parent_id_idx"),
      "Add an index on folder (tenant_id, parent_id).",
    ],
    [
      "the same, with the row itself",
      without(folders(tree("selfAndAncestors")), "folder_parent_id_idx"),
      "Add an index on folder (tenant_id, parent_id).",
    ],
    [
      "what a claim reads",
      without(documentSystem(), "team_member_user_id_idx"),
      "Add an index on team_member (tenant_id, user_id).",
    ],
  ];
  for (const [label, system, hint] of rows) test(label, () => expect(hints(system)).toEqual([hint]));
});

test("the warning names rule and columns; a deny and an action's own rule look through rows that are found", () => {
  const { diagnostics } = compile(
    documentSystem({
      entities: {
        ...teams,
        Folder: {
          fields: FIELDS,
          policies: [
            { name: "by code", commands: ["read"], expression: "row.code == actor.id" },
            { name: "not by region", effect: "deny", commands: ["read"], expression: "row.region == actor.kind" },
            { name: "do", actions: ["work"], expression: "row.region == actor.kind" },
          ],
          actions: { work: {} },
        },
      },
    }),
  );
  expect(diagnostics.map(({ message }) => message)).toEqual([
    'Folder: the policy "by code" looks up rows of Folder by code, and no index begins with it.',
  ]);
});
