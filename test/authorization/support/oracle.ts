/** One random model with its worlds, asked of both sides; what differs is told so that it can be made again. */
import { Authorization } from "../../../src/authorization/index.ts";
import { type CompiledSystem, compile } from "../../../src/dsl-to-sql/index.ts";
import type { System } from "../../../src/model/index.ts";
import { type Answered, answerWorld, isDifferent, type Question } from "../../../src/policy-test/compare-world.ts";
import { ConditionValues } from "../../../src/policy-test/condition-values.ts";
import { CaseGenerator } from "../../../src/policy-test/generate-cases.ts";
import { type GeneratedWorld, WorldGenerator } from "../../../src/policy-test/generate-world.ts";
import { Random } from "../../../src/policy-test/random.ts";
import type { Stage } from "../../../src/policy-test/stage.ts";
import { actorsOf } from "../../../src/policy-test/world-people.ts";

export interface Play {
  readonly system: System;
  readonly compiled: CompiledSystem;
  readonly authorization: Authorization;
  readonly world: GeneratedWorld;
  readonly questions: readonly Question[];
}

/** A world of a model, and what everybody asks in it. */
export function playOf(system: System, seed: number, now: bigint, { sharedIds = true, rows = 6 } = {}): Play {
  const random = new Random(seed);
  const authorization = new Authorization(system);
  const values = new ConditionValues(authorization);
  const generator = new WorldGenerator(authorization, values, random, {
    rows: 6,
    now,
    sharedIds,
  });
  const world = generator.generate();
  const cases = new CaseGenerator(authorization, generator, random, { rows: rows - 2, inserts: 4 });
  const questions = actorsOf(system, world.people, random, values).flatMap((by) =>
    system.entities.flatMap((entity) =>
      cases.generate(entity, world.world, world.people).map((question): Question => ({ by, case: question })),
    ),
  );
  return { system, compiled: compile(system), authorization, world, questions };
}

/** Asks on a stage where the model's schema is not there yet; leaves nothing behind. */
export async function perform(stage: Stage, play: Play): Promise<readonly Answered[]> {
  return stage.undone(async () => {
    await stage.install(play.compiled);
    return answerWorld(stage, play.authorization, play.world, play.questions);
  });
}

/** The differences, small: who, what, both answers, and the rules of the entity. */
export function report(play: Play, answers: readonly Answered[], seed: number): string {
  const different = answers.filter(isDifferent);
  const lines = different.slice(0, 3).map((answered) => {
    const { by, case: question, expected, actual } = answered;
    const entity = play.authorization.entity(question.entity);
    const rules = [
      ...entity.policies.map(
        (p) => `    ${p.effect} ${p.commands} ${p.expression}${p.check ? ` check ${p.check}` : ""}`,
      ),
      ...entity.actions.map(
        (a) => `    action ${a.name} allow ${a.allow?.expression} guards ${a.guards.map((g) => g.expression)}`,
      ),
    ];
    return `  ${by.label} ${text(by.actor)}\n  ${text(question)}\n  expected ${expected.join(" or ")}, PostgreSQL ${actual}\n${rules.join("\n")}`;
  });
  return `seed ${seed}: ${different.length} of ${answers.length} differ\n${lines.join("\n\n")}`;
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? `${part}n` : part));
