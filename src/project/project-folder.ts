import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { projectError } from "./project-error.ts";

/** The file that makes a folder a project. */
export const configFileName = "enginejs.config.ts";

/**
 * The folder of the project: the given one, or the nearest one from the working directory upwards that holds a config
 * or whose package.json names one: `"enginejs": { "project": "backend" }`.
 * Links are resolved, so that every path of the project has one spelling.
 *
 * @throws EJS1003 where there is none
 */
export function findProjectFolder(given?: string): string {
  if (given !== undefined) {
    const folder = resolve(given);
    if (existsSync(join(folder, configFileName))) return realpathSync(folder);
    const reason = !existsSync(folder)
      ? "does not exist"
      : statSync(folder).isDirectory()
        ? `holds no ${configFileName}`
        : "is no folder";
    throw projectError("EJS1003", `${folder} ${reason}.`);
  }
  for (let folder = realpathSync(process.cwd()); ; folder = dirname(folder)) {
    if (existsSync(join(folder, configFileName))) return folder;
    const named = projectOfPackage(folder);
    if (named !== undefined) return findProjectFolder(named);
    if (dirname(folder) === folder) break;
  }
  throw projectError("EJS1003", `Neither ${process.cwd()} nor a folder above it holds an ${configFileName}.`);
}

function projectOfPackage(folder: string): string | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  try {
    const project: unknown = JSON.parse(readFileSync(file, "utf8"))?.enginejs?.project;
    return typeof project === "string" ? join(folder, project) : undefined;
  } catch {
    // Not ours to complain about: npm does.
    return undefined;
  }
}
