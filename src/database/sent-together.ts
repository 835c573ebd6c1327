type Answers<T extends readonly Promise<unknown>[]> = { -readonly [K in keyof T]: Awaited<T[K]> };

/**
 * The answers to statements that were given to one connection without waiting in between: over a pipelining one they take one round trip.
 * All are awaited, so that none rejects unseen.
 *
 * @throws what the first one failed with; in a transaction those behind it fail because of it
 */
export async function sentTogether<const T extends readonly Promise<unknown>[]>(statements: T): Promise<Answers<T>> {
  const answers: unknown[] = [];
  for (const answer of await Promise.allSettled(statements)) {
    if (answer.status === "rejected") throw answer.reason;
    answers.push(answer.value);
  }
  return answers as Answers<T>;
}
