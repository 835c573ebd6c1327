import { EngineError } from "../errors/engine-error.ts";
import { didYouMean } from "../errors/suggestion.ts";
import type { System } from "../model/index.ts";
import { projectFinding } from "../project/project-error.ts";

/**
 * Checks that these are roles that a tenant gives; every finding at once.
 *
 * @param platform whether roles of the platform (`of: "system"`) will do as well
 * @throws EJS1051
 */
export function requireRoles({ roles }: System, names: readonly string[], platform = false): void {
  const allowed = roles.filter(({ of }) => platform || of === "tenant").map(({ name }) => name);
  const known = allowed.length === 0 ? "The model declares no roles." : `Roles: ${allowed.join(", ")}.`;
  const findings = names
    .filter((name) => !allowed.includes(name))
    .map((name) => {
      if (roles.some((role) => role.name === name)) {
        return projectFinding(
          "EJS1051",
          `The role "${name}" is the platform's: an account of a tenant cannot have it.`,
          {
            hint: known,
          },
        );
      }
      const hint = didYouMean(name, allowed) + known;
      return projectFinding("EJS1051", `No role is called "${name}".`, { hint });
    });
  if (findings.length > 0) throw new EngineError(findings);
}
