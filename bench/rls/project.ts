/** The model that is measured, with one rule for who reads documents. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export async function writeRlsProject(folder: string, rule: string): Promise<void> {
  await mkdir(join(folder, "domain"), { recursive: true });
  await writeFile(
    join(folder, "enginejs.config.ts"),
    `import { defineConfig } from "enginejs";
export default defineConfig({
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: { entity: "User" },
  roles: { member: {} },
  // Each case lets others pass than the one before it; the sentence counts for one build, so it names the rule.
  consents: { "Document.read": ${JSON.stringify(`this case measures ${rule}`)} },
});
`,
  );
  await writeFile(
    join(folder, "domain/documents.model.ts"),
    `import { allow, array, entity, ref, roles, text } from "enginejs";
const plain = { events: false } as const;
export const Tenant = entity("Tenant", { ...plain, tenant: false, fields: { name: text().required() } });
export const User = entity("User", { ...plain, tenant: false, fields: { name: text().required() } });
export const Membership = entity("Membership", { ...plain, fields: { user: ref("User").required(), roles: roles().required() } });
export const Team = entity("Team", { ...plain, fields: { name: text().required(), members: array(ref("TeamMember")) } });
export const TeamMember = entity("TeamMember", { ...plain, fields: { team: ref("Team").required(), user: ref("User").required() } });
export const Project = entity("Project", { ...plain, fields: { name: text().required(), team: ref("Team").required() } });
export const Folder = entity("Folder", {
  ...plain,
  fields: { name: text().required(), parent: ref("Folder"), owner: ref("User").required() },
});
export const Document = entity("Document", {
  ...plain,
  fields: {
    title: text().required(),
    owner: ref("User").required(),
    team: ref("Team").required(),
    project: ref("Project").required(),
    folder: ref("Folder").required(),
  },
  policies: [allow("read", "the measured rule").when(({ row, actor }) => ${rule})],
});
`,
  );
}
