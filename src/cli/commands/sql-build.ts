/** `enginejs sql build`: compiles the model, writes its SQL, and brings a database to it. */
import { resolve } from "node:path";
import { notCallable } from "../../dsl-to-sql/index.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { type BuildOutcome, buildProject } from "../build-project.ts";
import { describeBuild } from "../build-summary.ts";
import { exitCode } from "../exit-code.ts";
import { withProgress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

export interface SqlBuildOptions {
  readonly project?: string;
  readonly database?: string;
  readonly dryRun?: boolean;
  readonly check?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export async function sqlBuild(options: SqlBuildOptions, terminal: Terminal): Promise<number> {
  const folder = findProjectFolder(options.project);
  const dryRun = (options.dryRun ?? false) || (options.check ?? false);
  const outcome = await withProgress("building", (onProgress) =>
    buildProject(folder, {
      database: options.database,
      out: options.out === undefined ? undefined : resolve(options.out),
      dryRun,
      consents: options.check === true || isUnattended() ? "require" : "tell",
      onProgress,
    }),
  );
  if (outcome.warnings.length > 0 && !terminal.json) terminal.report(outcome.warnings);
  terminal.printJson(asJson(outcome));
  if (outcome.refused.length > 0 && !terminal.json) terminal.report(outcome.refused);
  const url = options.database;
  for (const line of describeBuild(outcome, { dryRun, ...(url !== undefined && { url }) })) terminal.print(line);
  if (options.dryRun === true) for (const step of outcome.planned?.plan.steps ?? []) terminal.print(`\n${step.sql}`);
  const refused = outcome.refused.length > 0 || (options.check === true && wouldChange(outcome));
  return refused ? exitCode.findings : exitCode.ok;
}

/** Nobody is there who would read a warning. */
const isUnattended = (): boolean => !["", "0", "false"].includes(process.env.CI ?? "");

const wouldChange = ({ files, planned }: BuildOutcome): boolean =>
  files.written.length > 0 || files.removed.length > 0 || (planned !== undefined && !planned.plan.empty);

function asJson({ model, hash, applied, files, warnings, refused, access, planned }: BuildOutcome) {
  const plan = planned?.plan;
  return {
    ok: refused.length === 0,
    hash,
    applied,
    files,
    warnings,
    platformOnly: notCallable(model.system),
    ...(refused.length > 0 && { diagnostics: refused }),
    ...(access !== undefined && { access: [...access.changes, ...access.rights] }),
    ...(planned !== undefined && {
      drifted: planned.drifted,
      missing: planned.missing,
      changed: planned.changed,
      unknown: planned.unknown,
    }),
    changes: plan?.changes ?? [],
    statements: (plan?.steps ?? []).map(({ verb, kind, object, hazards, role, sql }) => ({
      verb,
      kind,
      object,
      hazards,
      role,
      sql,
    })),
  };
}
