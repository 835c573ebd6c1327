/** Asks every case of a world of both sides, and tells where they differ. */
import type { ActorView, Authorization } from "../authorization/index.ts";
import type { Answer, Case } from "./case.ts";
import { expectedAnswers } from "./case.ts";
import type { GeneratedWorld } from "./generate-world.ts";
import type { Stage } from "./stage.ts";
import type { LabelledActor } from "./world-people.ts";

export interface Question {
  readonly by: LabelledActor;
  readonly case: Case;
}

export interface Answered extends Question {
  readonly expected: readonly Answer[];
  readonly actual: Answer;
}

/** Every answer of PostgreSQL in a world, with the one that the rules give. */
export async function answerWorld(
  stage: Stage,
  authorization: Authorization,
  { world }: GeneratedWorld,
  questions: readonly Question[],
): Promise<readonly Answered[]> {
  return stage.undone(async () => {
    await stage.load(authorization, world);
    const answered: Answered[] = [];
    for (const [by, own] of Map.groupBy(questions, ({ by }) => by)) {
      const view = authorization.as(world, by.actor, by.request);
      await stage.undone(async () => {
        await stage.act(by, forgedRow(view, own));
        const answers = await stage.ask(
          authorization,
          own.map((question) => question.case),
        );
        own.forEach((question, i) => {
          const expected = expectedAnswers(authorization, view, question.case);
          answered.push({ ...question, expected, actual: answers[i] ?? "no answer" });
        });
      });
    }
    return answered;
  });
}

/** A row that one of the questions is about and that nothing but a deny hides from the actor: one that he would gain by. */
export function forgedRow(view: ActorView, questions: readonly Question[]): string | undefined {
  return questions
    .flatMap(({ case: question }) => ("id" in question && question.id !== undefined ? [question] : []))
    .find(({ entity: name, id }) => {
      const entity = view.model.entity(name);
      const decisions = view.world.withId(name, id ?? "").map((row) => view.decide(entity, row, "read", "touch"));
      return decisions.some(
        ({ allowed, rules }) =>
          !allowed &&
          rules.some(({ effect, holds }) => effect === "allow" && holds === true) &&
          rules.every(({ effect, holds }) => effect !== "wall" || holds === true),
      );
    })?.id;
}

export const isDifferent = ({ expected, actual }: Answered): boolean => !expected.includes(actual);
