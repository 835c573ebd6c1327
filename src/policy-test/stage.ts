/**
 * A model in a real PostgreSQL, for as long as one transaction: its schema is made, worlds are loaded, actors ask, mutants
 * are put in place, and in the end all of it is rolled back.
 */
import type pg from "pg";
import type { Authorization, World } from "../authorization/index.ts";
import { beginRequestText, beginRequestValues } from "../database/act-as.ts";
import { coreText } from "../database/core-sql.ts";
import { runSteps } from "../database/run-steps.ts";
import { type CompiledSystem, type PlanStep, plan } from "../dsl-to-sql/index.ts";
import { EngineError } from "../errors/engine-error.ts";
import { type Answer, type Case, countAnswer, keysAnswer } from "./case.ts";
import { answersKeys, caseStatement } from "./case-statement.ts";
import { loadStatements } from "./load-statements.ts";
import type { LabelledActor } from "./world-people.ts";

export class Stage {
  private readonly client: pg.ClientBase;
  private level = 0;

  constructor(client: pg.ClientBase) {
    this.client = client;
  }

  /** µs since 1970: the transaction's `now()`. */
  async now(): Promise<bigint> {
    const { rows } = await this.client.query<{ now: string }>(
      "select (extract(epoch from now()) * 1000000)::bigint::text as now",
    );
    return BigInt(rows[0]?.now ?? 0);
  }

  /** Makes the schema of a model. */
  async install(compiled: CompiledSystem): Promise<void> {
    await this.run(plan(null, compiled).steps);
    await this.client.query(coreText("queries/policy_test_stage.sql"));
  }

  /** Changes what stands in the database into another build, in place. */
  async change(from: CompiledSystem, to: CompiledSystem): Promise<readonly PlanStep[]> {
    const { steps, refusals } = plan(from, to);
    if (refusals.length > 0) throw new EngineError(refusals);
    await this.run(steps);
    return steps;
  }

  async run(steps: readonly PlanStep[]): Promise<void> {
    await this.client.query("savepoint steps");
    try {
      await runSteps(this.client, steps, { together: 200 });
    } catch {
      // One by one, to tell which it was.
      await this.client.query("rollback to steps");
      await runSteps(this.client, steps, { together: 1 });
    }
    await this.client.query("release steps");
  }

  /** Runs something and takes back whatever it did. */
  async undone<T>(run: () => Promise<T>): Promise<T> {
    const name = `stage_${++this.level}`;
    await this.client.query(`savepoint ${name}`);
    try {
      return await run();
    } finally {
      await this.client.query(`rollback to ${name}; release ${name}`);
      this.level--;
    }
  }

  /** Puts the rows of a world in place, as the owner. */
  async load(authorization: Authorization, world: World): Promise<void> {
    await this.client.query("set local role enginejs_owner");
    for (const statement of loadStatements(authorization, world)) await this.client.query(statement);
    await this.client.query("reset role");
  }

  /**
   * Begins a request of an actor; ends with the surrounding `undone`.
   *
   * @param forged the id of a row that the actor claims to be changing by an action: it must make no difference
   */
  async act({ actor, request }: LabelledActor, forged?: string): Promise<void> {
    const { kind, id, tenant } = actor;
    const role = kind === "anonymous" || kind === "system" ? kind : "user";
    const as = kind === "service" || kind === "key" ? { kind } : {};
    await this.client.query(beginRequestText, beginRequestValues({ role, id, tenant, ...as, ...request }));
    if (forged !== undefined) await this.client.query("select set_config('enginejs.action_row', $1, true)", [forged]);
  }

  /** Asks as the actor of the request, and takes back what each statement did. The answers are in the order of the cases. */
  async ask(authorization: Authorization, questions: readonly Case[]): Promise<readonly Answer[]> {
    if (questions.length === 0) return [];
    const { rows } = await this.client.query<{ answers: string[] }>("select enginejs_stage.ask($1, $2) as answers", [
      questions.map((question) => caseStatement(authorization, question)),
      questions.map(answersKeys),
    ]);
    return (rows[0]?.answers ?? []).map(answerOf);
  }
}

/** `2`, `2: a, b`, or an SQLSTATE, which has five characters. */
function answerOf(text: string): Answer {
  const [, count, , keys] = /^(\d{1,4})(: (.*))?$/.exec(text) ?? [];
  if (count === undefined) return text;
  return keys === undefined ? countAnswer(Number(count)) : keysAnswer(keys.split(", "));
}
