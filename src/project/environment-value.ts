import type { EnvironmentValue } from "../dsl/setting.ts";
import { projectError } from "./project-error.ts";

/**
 * What `env(…)` stands for in this process.
 *
 * @param options.development whether the value given as `development` counts
 * @throws EJS1012 where the variable is not set
 */
export function environmentValue(
  { name, development }: EnvironmentValue,
  options: { readonly development: boolean },
): string {
  const found = process.env[name] || (options.development ? development : undefined);
  if (found !== undefined) return found;
  const otherwise =
    options.development && /^[A-Za-z_]\w*$/.test(name)
      ? ` Or give it a value for development: env("${name}", { development: "…" }).`
      : "";
  throw projectError("EJS1012", `The environment variable ${name} is not set.`, { hint: `Set ${name}.${otherwise}` });
}
