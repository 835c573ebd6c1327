/** A value that is given under a name that no column has would be lost without a word. */
import { array, arraySelect, binary, call, literal, type SqlExpression, select } from "../sql-ast/expressions.ts";
import type { PlpgsqlStatement } from "../sql-ast/plpgsql.ts";
import { refuseWhen } from "./action-statements.ts";

/**
 * `if given - '{name,salary}' <> '{}' then raise …`: EJ422, which names what is unknown and what could have been meant.
 *
 * @param what whose columns they are: `Employee`
 * @param given a JSON object, by the names of columns
 */
export function refuseUnknownKeys(what: string, given: SqlExpression, columns: readonly string[]): PlpgsqlStatement {
  const known = [...columns].sort();
  const names = array(
    known.map((name) => literal(name)),
    "text[]",
  );
  const unknown = binary("-", given, names);
  const keys = arraySelect(select({ columns: [{ value: call("jsonb_object_keys", unknown) }] }));
  const message = call(
    "concat",
    literal(`${what} is given no such column: `),
    call("array_to_string", keys, literal(", ")),
    literal(known.length === 0 ? "; there is none to give" : `; there are: ${known.join(", ")}`),
  );
  return refuseWhen(binary("<>", unknown, literal("{}", "jsonb")), "EJ422", message);
}
