/** A plain graphile-worker task: without a schema of its input it gets the row's id and the action's input. */
export default async (_payload: unknown): Promise<void> => undefined;
