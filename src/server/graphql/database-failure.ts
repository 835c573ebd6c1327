/** What the database's refusals become for the API's user. Nothing of its own text gets out, except sentences that the compiler wrote into our functions. */
import type { DatabaseError } from "pg";
import { RequestError } from "../request-error.ts";
import { WorkflowError } from "../workflows/workflow-error.ts";
import type { ModelFacts, MutationFacts } from "./model-facts.ts";

/** How an error looks that came from the server, whichever copy of pg made it. */
export function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && "severity" in error && typeof (error as { code?: unknown }).code === "string";
}

/** Undefined for a failure that has no answer of its own: it is ours to mend, and the log's. */
export function databaseFailure(
  error: DatabaseError,
  model: ModelFacts,
  mutation: MutationFacts | undefined,
  namesRules: boolean,
): RequestError | WorkflowError | undefined {
  const state = error.code ?? "";
  switch (state) {
    case "EJ404":
      return notFound(mutation, sentence(error));
    case "EJ409":
      return new RequestError("EJS5032", 409, sentence(error), { extensions: transitionOf(error) });
    case "EJ422":
      return unfit(error) ?? new RequestError("EJS5033", 422, sentence(error), { extensions: inputOf(error) });
    case "42501":
      return namesRules ? denied(error, mutation) : new RequestError("EJS5031", 403);
    case "23505":
      return taken(error, model);
    case "23503":
    case "23001":
      return dangling(error, model, mutation);
    case "23514":
      return broken(error, model);
    case "23502": {
      const field = model.fieldOf(error.table, error.column);
      return new RequestError("EJS5037", 422, field && `${field} needs a value.`, {
        extensions: field ? { fields: [field] } : {},
      });
    }
    case "57014":
      return new RequestError("EJS5039", 503);
    case "40001":
    case "40P01":
    case "55P03":
      return new RequestError("EJS5041", 409);
  }
  switch (state.slice(0, 2)) {
    // Data exceptions: not a UUID, out of range, too long, not a time, a NUL in a text.
    case "22":
      return new RequestError("EJS5038", 422);
    // Program limits and stack depth, out of memory and such.
    case "54":
    case "53":
      return new RequestError("EJS5040", 422);
    default:
      return undefined;
  }
}

/** @param otherwise what a function of ours says of a run, a workflow, a step */
export function notFound(mutation: MutationFacts | undefined, otherwise?: string): RequestError {
  return new RequestError(
    "EJS5030",
    404,
    mutation === undefined
      ? otherwise
      : `There is no ${mutation.entity.name} with this id, or you may not ${verb(mutation)} it.`,
  );
}

function verb({ command }: MutationFacts): string {
  return command === "update" ? "change" : command === "delete" ? "delete" : "see";
}

/** Raised by a function of ours, whose message is a sentence for people; the server's own refusals name tables. */
const isOurs = (error: DatabaseError) => error.routine === "exec_stmt_raise";

const sentence = (error: DatabaseError) => (isOurs(error) ? error.message : undefined);

function detailOf(error: DatabaseError): Record<string, unknown> {
  if (!isOurs(error) || error.detail === undefined) return {};
  try {
    const detail: unknown = JSON.parse(error.detail);
    return typeof detail === "object" && detail !== null ? (detail as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function transitionOf(error: DatabaseError): Record<string, unknown> {
  const { from, allowed } = detailOf(error);
  return { ...(typeof from === "string" && { from }), ...(Array.isArray(allowed) && { allowed }) };
}

/** The error that a process has ended with, or all that is wrong with its input. */
function unfit(error: DatabaseError): RequestError | WorkflowError | undefined {
  const { error: name, values, problems } = detailOf(error);
  if (typeof name === "string") return new WorkflowError(name, error.message, values ?? {});
  return Array.isArray(problems)
    ? new RequestError("EJS5043", 422, error.message, { extensions: { problems } })
    : undefined;
}

/** Our functions name the parameter that they refuse as the column. */
function inputOf(error: DatabaseError): Record<string, unknown> {
  if (!isOurs(error) || !error.column) return {};
  return { fields: [error.column.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase())] };
}

/** A row that an update or create would leave behind was refused by row level security. */
export const isPolicyViolation = (error: Error): error is DatabaseError =>
  isDatabaseError(error) && error.code === "42501" && error.routine === "ExecWithCheckOptions";

function denied(error: DatabaseError, mutation: MutationFacts | undefined): RequestError {
  if (isOurs(error)) {
    const { rule, field } = detailOf(error);
    const text = Array.isArray(rule) ? rule.join("; ") : rule;
    return new RequestError("EJS5031", 403, error.message, {
      extensions: {
        ...(typeof text === "string" && { rule: text }),
        ...(typeof field === "string" && { fields: [field] }),
      },
    });
  }
  const rule = mutation?.rules.join("; ");
  if (!rule || mutation === undefined) return new RequestError("EJS5031", 403);
  return new RequestError("EJS5031", 403, `${mutation.entity.name}.${mutation.command} is for: ${rule}`, {
    extensions: { rule },
  });
}

function taken(error: DatabaseError, model: ModelFacts): RequestError {
  const found = model.constraint(error.table, error.constraint);
  if (found === undefined) return new RequestError("EJS5034", 409);
  const what = found.fields.join(" and ");
  return new RequestError("EJS5034", 409, `Another ${found.entity.name} has this ${what} already.`, {
    extensions: { fields: found.fields },
  });
}

function dangling(error: DatabaseError, model: ModelFacts, mutation: MutationFacts | undefined): RequestError {
  const found = model.constraint(error.table, error.constraint);
  if (found === undefined) return new RequestError("EJS5035", 409);
  if (mutation?.command === "delete") {
    return new RequestError("EJS5035", 409, `There are rows of ${found.entity.name} that refer to it.`);
  }
  const field = found.fields.join(", ");
  return new RequestError("EJS5035", 409, `${field}: there is no such ${found.references}.`, {
    extensions: { fields: found.fields },
  });
}

function broken(error: DatabaseError, model: ModelFacts): RequestError {
  const found = model.constraint(error.table, error.constraint);
  if (found?.message === undefined) return new RequestError("EJS5036", 422);
  return new RequestError("EJS5036", 422, found.message, { extensions: { rule: found.message } });
}
