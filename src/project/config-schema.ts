/** The form of a config. The names in it are checked against the model by the compiler. */
import { z } from "zod";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { suggestion } from "../errors/suggestion.ts";
import { entityName, fieldName, permissionName, slugName, sqlName } from "../model/names.ts";
import { projectFinding } from "./project-error.ts";

const setting = z.union([
  z.string().min(1),
  /** What `env("NAME")` leaves: looked up when a command needs it. */
  z.strictObject({ kind: z.literal("env"), name: z.string().min(1), development: z.string().optional() }),
]);

const callback = z.custom((value) => typeof value === "function", "expected a callback: ({ actor }) => …");

const configSchema = z.strictObject({
  schema: sqlName.max(63).optional(),
  tenancy: z.strictObject({ entity: entityName, membership: entityName }).optional(),
  actor: z
    .strictObject({ entity: entityName, claims: z.record(fieldName, callback).optional() })
    // The callbacks are the compiler's: a function does not leave the loader's thread.
    .transform(({ entity }) => ({ entity }))
    .optional(),
  permissions: z.record(permissionName, z.string().min(1)).optional(),
  flags: z
    .record(fieldName, z.strictObject({ describe: z.string().optional(), default: z.boolean().optional() }))
    .optional(),
  roles: z
    .record(
      slugName,
      z.strictObject({
        extends: z.array(slugName).optional(),
        of: z.enum(["tenant", "system"]).optional(),
        can: z.record(z.string(), z.union([z.literal("*"), z.array(z.string())])).optional(),
        permissions: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  consents: z.record(z.string().min(1), z.string()).optional(),
  webhooks: z
    .strictObject({
      events: z.array(z.string()).min(1),
      manage: z.array(z.string()).min(1),
      privateHosts: z.array(z.string().min(1)).optional(),
    })
    .optional(),
  // The compiler looks at them, and the worker: their steps are functions, which do not leave the loader's thread.
  plugins: z
    .array(z.unknown())
    .transform(() => undefined)
    .optional(),
  jwt: z
    .strictObject({
      secret: setting.optional(),
      jwks: setting.optional(),
      issuer: z.string().min(1).optional(),
      audience: z.string().min(1).optional(),
    })
    .refine((jwt) => (jwt.secret === undefined) !== (jwt.jwks === undefined), "needs either secret or jwks")
    .optional(),
  server: z
    .strictObject({
      port: z.int().min(0).max(65535).optional(),
      cors: z.array(z.string().min(1)).optional(),
      trustProxy: z.union([z.int().min(0).max(16), z.array(z.string().min(1))]).optional(),
      explainDenials: z.boolean().optional(),
    })
    .optional(),
});

/** The config as its file gives it, checked. */
export type ProjectConfig = z.output<typeof configSchema>;

/**
 * Checks what `enginejs.config.ts` exports; every finding at once.
 *
 * @param locate where in the file the first of some words stands
 */
export function checkConfig(
  exported: unknown,
  locate: (words: readonly string[]) => Diagnostic["where"],
):
  | { readonly config: ProjectConfig; readonly findings?: never }
  | { readonly config?: never; readonly findings: readonly Diagnostic[] } {
  const result = configSchema.safeParse(exported);
  if (result.success) return { config: result.data };
  const findings = result.error.issues.flatMap(problemsOf).map(({ path, word, message, hint }) => {
    const where = locate([
      ...(word === undefined ? [] : [word]),
      ...path.filter((part) => typeof part === "string").reverse(),
    ]);
    return projectFinding("EJS1010", `config${path.map((part) => `.${String(part)}`).join("")}: ${message}`, {
      hint,
      where,
    });
  });
  return { findings };
}

interface Problem {
  readonly path: readonly PropertyKey[];
  /** The word that is wrong, where it is not the last of the path. */
  readonly word?: string;
  readonly message: string;
  readonly hint: string | null;
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue;
  switch (issue.code) {
    case "unrecognized_keys": {
      const allowed = keysAt(path);
      return issue.keys.map((word) => {
        const hint = suggestion(word, allowed, "Allowed here");
        return { path, word, message: `there is no setting "${word}".`, hint };
      });
    }
    case "invalid_union":
      return path[0] === "roles"
        ? [{ path, message: 'must be "*" or a list of commands and actions.', hint: null }]
        : [{ path, message: 'must be a text or env("NAME").', hint: null }];
    case "invalid_key":
    case "invalid_format": {
      const rule = /^roles$/.test(String(path[0]))
        ? "Roles begin with a small letter and hold letters, digits, - _ and ."
        : path[0] === "permissions"
          ? "Permissions hold letters and digits, joined by - _ or .: reports.export."
          : path[0] === "flags" || path[1] === "claims"
            ? "It begins with a small letter and holds letters and digits: betaBilling."
            : path[0] === "schema"
              ? "A schema's name holds small letters, digits and underscores."
              : "An entity's name begins with a capital and holds letters and digits.";
      return [{ path, message: "cannot be a name here.", hint: rule }];
    }
    default:
      return [{ path, message: `${issue.message.replace(/^Invalid input: /, "").replace(/\.$/, "")}.`, hint: null }];
  }
}

/** The settings that are known at a place of the config. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = configSchema;
  for (const key of path) {
    schema = unwrapped(schema);
    if (schema instanceof z.ZodObject) schema = schema.shape[String(key)];
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else return [];
  }
  schema = unwrapped(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in);
  return schema instanceof z.ZodOptional ? unwrapped(schema.unwrap()) : schema;
}
