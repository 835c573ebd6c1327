/** Projects on disk, made for one test. */
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository: string = fileURLToPath(new URL("../../", import.meta.url));

export interface TemporaryProject {
  readonly folder: string;
  write(file: string, content: string): Promise<void>;
  remove(): Promise<void>;
}

export const config = `import { defineConfig, env } from "enginejs";

export default defineConfig({
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: { entity: "User" },
  roles: { member: {}, billing: { extends: ["member"] } },
  jwt: { secret: env("JWT_SECRET", { development: "a-secret-for-tests-only-0000000000" }) },
});
`;

/**
 * @param files path → content, instead of an example or over it
 * @param options.example a folder of the repository to begin with
 * @param options.name the folder's own name, for names that are hard to quote
 */
export async function makeProject(
  files: Readonly<Record<string, string>>,
  options: { readonly example?: string; readonly name?: string } = {},
): Promise<TemporaryProject> {
  const parent = await mkdtemp(join(tmpdir(), "enginejs-project-"));
  // As root, PostgreSQL runs as somebody else, who has to pass here.
  await chmod(parent, 0o755);
  const folder = join(parent, options.name ?? "project");
  await mkdir(folder);
  if (options.example !== undefined) {
    const source = join(repository, options.example);
    await cp(source, folder, { recursive: true, filter: (path) => !path.slice(source.length).includes(".enginejs") });
  }
  // Packages as a user's project has them; "enginejs" itself is what the command resolves it to.
  // Beside packages of the test's own they are found one folder further up.
  const ownPackages = Object.keys(files).some((file) => file.startsWith("node_modules/"));
  await symlink(join(repository, "node_modules"), join(ownPackages ? parent : folder, "node_modules"));
  const write = async (file: string, content: string) => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  };
  for (const [file, content] of Object.entries(files)) await write(file, content);
  return { folder, write, remove: () => rm(parent, { recursive: true, force: true }) };
}
