import { RequestError } from "../request-error.ts";

export interface GraphqlRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | undefined;
}

const noVariables = Object.freeze({});

/** @throws RequestError 400 (EJS5011) */
export function graphqlRequest(body: unknown): GraphqlRequest {
  const parsed = typeof body === "string" ? parseJson(body) : body;
  if (!isObject(parsed)) throw malformed("The body is not a JSON object.");
  const { query, variables, operationName } = parsed;
  if (typeof query !== "string") throw malformed("`query` is not a text.");
  if (variables != null && !isObject(variables)) throw malformed("`variables` is not a JSON object.");
  if (operationName != null && typeof operationName !== "string") throw malformed("`operationName` is not a text.");
  if (variables != null) checkNesting(variables, deepestVariable);
  return { query, variables: variables ?? noVariables, operationName: operationName || undefined };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed("The body is not JSON.");
  }
}

/** Objects and lists within each other: more than a filter needs, less than any recursion behind us can bear. */
const deepestVariable = 50;

function checkNesting(value: object, levels: number): void {
  if (levels === 0) throw new RequestError("EJS5021", 400, `A variable has more than ${deepestVariable} levels.`);
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof inner === "object" && inner !== null) checkNesting(inner, levels - 1);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const malformed = (message: string) => new RequestError("EJS5011", 400, message);
