/** Counts of a test of the rules: per entity and command, how much was asked and how much of it was let through. */
import type { Answered } from "./compare-world.ts";

export interface CaseCount {
  readonly entity: string;
  /** `read`, `update`, or an action's name. */
  readonly command: string;
  readonly cases: number;
  /** Where at least one row was reached. */
  readonly allowed: number;
}

export function countCases(answers: readonly Answered[]): readonly CaseCount[] {
  const groups = Map.groupBy(answers, ({ case: question }) =>
    [question.entity, question.command === "action" ? question.action : question.command].join("\n"),
  );
  return [...groups]
    .map(([key, own]): CaseCount => {
      const [entity = "", command = ""] = key.split("\n");
      return { entity, command, cases: own.length, allowed: own.filter(({ actual }) => reached(actual)).length };
    })
    .sort((a, b) => (a.entity < b.entity ? -1 : a.entity > b.entity ? 1 : 0));
}

const reached = (answer: string): boolean => /^[1-9]\d* rows?(:|$)/.test(answer);
