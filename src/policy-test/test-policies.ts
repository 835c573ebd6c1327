/**
 * Tests the rules of a model: generated worlds, in which everybody tries everything; each statement must come to what the
 * rules say in memory and in PostgreSQL. Then each clause of each rule is left out or turned around in turn, in the
 * database too: where no answer changes, nothing holds that clause.
 */
import type pg from "pg";
import { Authorization } from "../authorization/index.ts";
import { compile } from "../dsl-to-sql/index.ts";
import type { System } from "../model/index.ts";
import { type Answered, answerWorld, isDifferent, type Question } from "./compare-world.ts";
import { ConditionValues } from "./condition-values.ts";
import { CaseGenerator } from "./generate-cases.ts";
import { type GeneratedWorld, WorldGenerator } from "./generate-world.ts";
import { type JudgedMutant, MutantJudge } from "./judge-mutants.ts";
import { mutantsOf } from "./mutants.ts";
import { Random } from "./random.ts";
import { Stage } from "./stage.ts";
import { stagedSystem } from "./staged-system.ts";
import { actorsOf } from "./world-people.ts";

export interface PolicyTestOptions {
  readonly seed: number;
  /** Only this entity's rules. */
  readonly entity?: string;
  /** How many worlds are asked of PostgreSQL; three unless given. */
  readonly worlds?: number;
  /** How many more are searched in memory for a case that tells a mutant; thirty unless given. */
  readonly searched?: number;
  readonly onProgress?: (doing: string) => void;
  /** Told when the schema stands, before anything is asked: what a test plants there must be found. */
  readonly onInstalled?: (client: pg.ClientBase) => Promise<void>;
}

export interface PolicyTestResult {
  readonly seed: number;
  /** Every case, with both answers. */
  readonly answers: readonly Answered[];
  readonly differences: readonly Answered[];
  readonly mutants: readonly JudgedMutant[];
  /** Of the mutants, how many were found out: 0 to 100; 100 without any. */
  readonly score: number;
}

/** A world, and what is asked in it. */
export interface Scene {
  readonly world: GeneratedWorld;
  readonly questions: readonly Question[];
}

/**
 * @param client a connection to a database that holds the core and no build; everything is rolled back
 * @throws EngineError where the model does not compile
 */
export async function testPolicies(
  client: pg.ClientBase,
  given: System,
  options: PolicyTestOptions,
): Promise<PolicyTestResult> {
  const system = stagedSystem(given);
  const progress = options.onProgress ?? (() => undefined);
  const authorization = new Authorization(system);
  const compiled = compile(system);
  await client.query("begin");
  try {
    const stage = new Stage(client);
    progress("building the model in a scratch database");
    await stage.install(compiled);
    await options.onInstalled?.(client);
    const scenes = new SceneMaker(authorization, options, await stage.now());
    const answers: Answered[] = [];
    const staged: Scene[] = [];
    const worlds = options.worlds ?? 3;
    for (let n = 0; n < worlds; n++) {
      progress(`asking world ${n + 1} of ${worlds}`);
      const scene = scenes.make(6);
      staged.push(scene);
      answers.push(...(await answerWorld(stage, authorization, scene.world, scene.questions)));
    }
    const differences = answers.filter(isDifferent);
    // Where the two do not agree, no mutant would tell anything.
    if (differences.length > 0) return { seed: options.seed, answers, differences, mutants: [], score: 0 };
    const judge = new MutantJudge(stage, authorization, compiled, staged);
    const mutants = await judge.judge(mutantsOf(system, options.entity), {
      search: () => scenes.make(10),
      searched: options.searched ?? 30,
      progress,
    });
    const killed = mutants.filter(({ killed }) => killed).length;
    const score = mutants.length === 0 ? 100 : (100 * killed) / mutants.length;
    return { seed: options.seed, answers, differences: mutants.flatMap(({ ignored }) => ignored), mutants, score };
  } finally {
    await client.query("rollback");
  }
}

class SceneMaker {
  private readonly authorization: Authorization;
  private readonly options: PolicyTestOptions;
  private readonly random: Random;
  private readonly now: bigint;

  constructor(authorization: Authorization, options: PolicyTestOptions, now: bigint) {
    this.authorization = authorization;
    this.options = options;
    this.random = new Random(options.seed);
    this.now = now;
  }

  make(rows: number): Scene {
    const { authorization, random, now } = this;
    const { system } = authorization.model;
    const values = new ConditionValues(authorization);
    const worlds = new WorldGenerator(authorization, values, random, { rows, now });
    const world = worlds.generate();
    const cases = new CaseGenerator(authorization, worlds, random, { rows, inserts: 5 });
    const entities = system.entities.filter(
      ({ name }) => this.options.entity === undefined || name === this.options.entity,
    );
    const questions = actorsOf(system, world.people, random, values).flatMap((by) =>
      entities.flatMap((entity) =>
        cases.generate(entity, world.world, world.people).map((question): Question => ({ by, case: question })),
      ),
    );
    return { world, questions };
  }
}
