/** `enginejs policy test`: the rules of the model against PostgreSQL, and mutants of them. */
import { randomInt } from "node:crypto";
import { withScratchDatabase } from "../../database/scratch-database.ts";
import { EngineError } from "../../errors/engine-error.ts";
import { suggestion } from "../../errors/suggestion.ts";
import type { System } from "../../model/index.ts";
import { countCases, differenceFindings, survivorFindings, testPolicies } from "../../policy-test/index.ts";
import { loadProject } from "../../project/load-project.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { withSourceLines } from "../../project/source-lines.ts";
import { exitCode } from "../exit-code.ts";
import { openDatabase } from "../open-database.ts";
import { printTable } from "../print-table.ts";
import { withProgress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

export interface PolicyTestOptions {
  readonly project?: string;
  readonly database?: string;
  readonly entity?: string;
  readonly seed?: number;
  readonly minScore?: number;
  readonly json?: boolean;
}

export async function policyTest(options: PolicyTestOptions, terminal: Terminal): Promise<number> {
  const folder = findProjectFolder(options.project);
  const { minScore = 0, entity, seed = randomInt(1_000_000_000) } = options;
  const { system, sourceMap } = await loadProject(folder);
  if (entity !== undefined) requireEntity(system, entity);
  const database = await openDatabase(folder, options.database);
  try {
    const result = await withProgress("making a scratch database", (onProgress) =>
      withScratchDatabase(database.url, (client) =>
        testPolicies(client, system, { seed, onProgress, ...(entity === undefined ? {} : { entity }) }),
      ),
    );
    const { answers, mutants, score } = result;
    const differences = withSourceLines(differenceFindings(result.differences, seed, sourceMap), folder);
    const survivors = withSourceLines(survivorFindings(mutants, sourceMap), folder);
    const passed = result.differences.length === 0 && score >= minScore;
    const killed = mutants.filter((mutant) => mutant.killed).length;
    terminal.printJson({
      ok: passed,
      seed,
      cases: answers.length,
      commands: countCases(answers),
      differences,
      mutants: mutants.length,
      killed,
      score,
      survivors,
    });
    if (!terminal.json) terminal.report([...differences, ...survivors]);
    printCounts(terminal, answers);
    const agreed =
      result.differences.length === 0
        ? "decided alike in memory and by PostgreSQL"
        : `${result.differences.length} decided otherwise by PostgreSQL than the rules say`;
    terminal.print(`${answers.length} cases: ${agreed}. Seed ${seed}.`);
    if (result.differences.length === 0 || mutants.length > 0) {
      terminal.print(`${killed} of ${mutants.length} mutants found out: score ${score.toFixed(1)} %.`);
    }
    if (score < minScore && result.differences.length === 0) {
      terminal.note(`The score is below --min-score ${minScore}.`);
    }
    return passed ? exitCode.ok : exitCode.findings;
  } finally {
    await database.close();
  }
}

function printCounts(terminal: Terminal, answers: Parameters<typeof countCases>[0]): void {
  const rows = countCases(answers).map(({ entity, command, cases, allowed }) => [
    entity,
    command,
    String(cases),
    String(allowed),
  ]);
  printTable(terminal, ["entity", "command", "cases", "let through"], rows);
  terminal.print();
}

function requireEntity({ entities }: System, name: string): void {
  const names = entities.map((entity) => entity.name);
  if (names.includes(name)) return;
  throw new EngineError([
    {
      code: "EJS1002",
      severity: "error",
      message: `The model has no entity "${name}".`,
      hint: suggestion(name, names, "Entities"),
    },
  ]);
}
