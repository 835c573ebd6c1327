/** `doctor.json`: what a project has looked at and does not want to hear of again, and whom it trusts. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { suggestion } from "../errors/suggestion.ts";
import { projectError } from "../project/project-error.ts";
import { levels } from "./finding.ts";

const settingsSchema = z.strictObject({
  $schema: z.string().optional(),
  ignore: z.array(z.string()).optional(),
  level: z.enum(levels).optional(),
  schemas: z.array(z.string().min(1)).optional(),
  trusted: z.array(z.string().min(1)).optional(),
  anonymous: z.array(z.string().min(1)).optional(),
  login: z.string().min(1).optional(),
});

/** The file's content, checked. */
export type DoctorSettings = z.output<typeof settingsSchema>;

/**
 * Reads the file; nothing is set where it is not there.
 *
 * @param required whether somebody named the file
 * @throws EJS1060 where it is not what it should be
 */
export function readDoctorSettings(file: string, required: boolean): DoctorSettings {
  if (!existsSync(file)) {
    if (required) throw projectError("EJS1060", `${file} does not exist.`);
    return {};
  }
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw projectError("EJS1060", `${file}: ${(error as Error).message}.`);
  }
  const result = settingsSchema.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const allowed = Object.keys(settingsSchema.shape).filter((key) => key !== "$schema");
  if (issue?.code === "unrecognized_keys") {
    const hint = suggestion(issue.keys[0], allowed, "Allowed");
    throw projectError("EJS1060", `${file}: there is no setting "${issue.keys[0]}".`, { hint });
  }
  throw projectError("EJS1060", `${file}: ${issue?.path.join(".")}: ${issue?.message}.`);
}
