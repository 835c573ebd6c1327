import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Relative to the project, with `/`; undefined for what lies elsewhere, or in a package. */
export function projectPath(pathOrUrl: string, folder: string): string | undefined {
  const path = pathOrUrl.startsWith("file:") ? fileURLToPath(pathOrUrl.replace(/\?[^/]*$/, "")) : pathOrUrl;
  const inside = relative(folder, path).split(sep).join("/");
  return inside.startsWith("..") || inside.includes("node_modules/") || inside === "" ? undefined : inside;
}
