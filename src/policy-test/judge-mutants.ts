/**
 * Whether a mutant is found out. A case that tells it from the model is looked for in memory, which is quick, and then asked
 * of the mutant in PostgreSQL, which counts; a mutant that no case tells is asked there as well.
 */
import { Authorization, type World } from "../authorization/index.ts";
import { type CompiledSystem, compile } from "../dsl-to-sql/index.ts";
import { expectedAnswers } from "./case.ts";
import type { Answered, Question } from "./compare-world.ts";
import type { Mutant } from "./mutants.ts";
import type { Stage } from "./stage.ts";
import type { Scene } from "./test-policies.ts";

export interface JudgedMutant {
  readonly mutant: Mutant;
  readonly killed: boolean;
  /** What found it out. */
  readonly by?: Answered;
  /** Cases that should have told it, and that PostgreSQL answered as before: a clause that the compiler does not compile. */
  readonly ignored: readonly Answered[];
}

export interface JudgeOptions {
  /** A further world. */
  readonly search: () => Scene;
  readonly searched: number;
  readonly progress: (doing: string) => void;
}

/** A case that has another answer under the mutant. */
interface Telling extends Question {
  readonly original: readonly string[];
  readonly mutated: readonly string[];
}

/** So many are asked of PostgreSQL where the first ones tell nothing. */
const ASKED = 3;

export class MutantJudge {
  private readonly stage: Stage;
  private readonly original: Authorization;
  private readonly compiled: CompiledSystem;
  private readonly scenes: readonly Scene[];
  private readonly answers = new Map<Question, readonly string[]>();

  constructor(stage: Stage, original: Authorization, compiled: CompiledSystem, scenes: readonly Scene[]) {
    this.stage = stage;
    this.original = original;
    this.compiled = compiled;
    this.scenes = scenes;
  }

  async judge(mutants: readonly Mutant[], options: JudgeOptions): Promise<readonly JudgedMutant[]> {
    const told = new Map<Mutant, { readonly scene: Scene; readonly cases: readonly Telling[] }>();
    const look = (scene: Scene): void => {
      for (const mutant of mutants) {
        if (told.has(mutant)) continue;
        const cases = this.tellingCases(mutant, scene);
        if (cases.length > 0) told.set(mutant, { scene, cases });
      }
    };
    options.progress(`looking for cases that tell ${mutants.length} mutants`);
    for (const scene of this.scenes) look(scene);
    for (let n = 0; n < options.searched && told.size < mutants.length; n++) {
      options.progress(`looking for cases that tell ${mutants.length - told.size} more mutants`);
      look(options.search());
    }
    const judged = new Map<Mutant, JudgedMutant>();
    const [first] = this.scenes;
    const scenes = Map.groupBy(mutants, (mutant) => told.get(mutant)?.scene ?? first);
    for (const [scene, own] of scenes) {
      if (scene === undefined) continue;
      await this.stage.undone(async () => {
        await this.stage.load(this.original, scene.world.world);
        for (const mutant of own) {
          options.progress(`putting mutant ${judged.size + 1} of ${mutants.length} into PostgreSQL`);
          const cases = told.get(mutant)?.cases;
          judged.set(mutant, await this.stage.undone(() => this.ask(mutant, scene, cases)));
        }
      });
    }
    return mutants.flatMap((mutant) => judged.get(mutant) ?? []);
  }

  /** The first few cases of a scene that have another answer under a mutant, in memory. */
  private tellingCases(mutant: Mutant, scene: Scene): readonly Telling[] {
    const changed = new Authorization(mutant.system);
    const found: Telling[] = [];
    for (const [by, questions] of Map.groupBy(scene.questions, (question) => question.by)) {
      const own = questions.filter((question) => question.case.entity === mutant.entity);
      if (own.length === 0) continue;
      const view = changed.as(scene.world.world, by.actor, by.request);
      for (const question of own) {
        const mutated = expectedAnswers(changed, view, question.case);
        const original = this.originalAnswers(question, scene.world.world);
        if (mutated.some((answer) => original.includes(answer))) continue;
        found.push({ ...question, original, mutated });
        if (found.length >= ASKED) return found;
      }
    }
    return found;
  }

  private originalAnswers(question: Question, world: World): readonly string[] {
    const known = this.answers.get(question);
    if (known !== undefined) return known;
    const answers = expectedAnswers(
      this.original,
      this.original.as(world, question.by.actor, question.by.request),
      question.case,
    );
    this.answers.set(question, answers);
    return answers;
  }

  /** Puts the mutant in place and asks; without cases that should tell it, every case of its entity. */
  private async ask(mutant: Mutant, scene: Scene, cases: readonly Telling[] | undefined): Promise<JudgedMutant> {
    await this.stage.change(this.compiled, compile(mutant.system));
    const telling: readonly Telling[] =
      cases ??
      scene.questions
        .filter((question) => question.case.entity === mutant.entity)
        .map((question) => {
          const original = this.originalAnswers(question, scene.world.world);
          return { ...question, original, mutated: original };
        });
    const ignored: Answered[] = [];
    for (const [by, own] of Map.groupBy(telling, (question) => question.by)) {
      const killer = await this.stage.undone(async () => {
        await this.stage.act(by);
        const answers = await this.stage.ask(
          this.original,
          own.map((question) => question.case),
        );
        for (const [i, question] of own.entries()) {
          const answered = { by, case: question.case, expected: question.mutated, actual: answers[i] ?? "no answer" };
          if (!question.original.includes(answered.actual)) return answered;
          if (cases !== undefined) ignored.push(answered);
        }
        return undefined;
      });
      if (killer !== undefined) return { mutant, killed: true, by: killer, ignored: [] };
    }
    return { mutant, killed: false, ignored };
  }
}
