import { defineErrors } from "./definition.ts";

/** Codes EJS20xx: the expression language. */
export const expressionErrors = defineErrors({
  EJS2001: {
    title: "Unexpected character",
    detail: "The text of an expression holds a character that no part of the language begins with.",
    hint: "Strings stand in quotes, names are letters, digits and underscores; a member with other characters stands in backticks.",
  },
  EJS2002: {
    title: "Malformed string",
    detail: "A string constant does not end, or holds an escape that the language does not know.",
    hint: "Known escapes: \\n \\r \\t \\a \\b \\f \\v \\\\ \\\" \\' \\` \\? \\xHH \\uHHHH \\UHHHHHHHH and octal \\ooo.",
  },
  EJS2003: {
    title: "String that PostgreSQL cannot hold",
    detail: "PostgreSQL's text holds neither the NUL character nor half a surrogate pair.",
    hint: "Remove the character.",
  },
  EJS2004: {
    title: "Malformed number",
    detail:
      "An integer lies outside PostgreSQL's bigint, a decimal has too many digits, or the digits do not form a number.",
    hint: "Integers reach from -9223372036854775808 to 9223372036854775807; write 1.5, not 1. or 1u.",
  },
  EJS2005: {
    title: "Syntax error",
    detail: "Another symbol was expected at this place.",
    hint: "The caret shows the place; the message names what was expected there.",
  },
  EJS2006: {
    title: "Expression too large",
    detail:
      "Length, number of nodes, nesting and the nesting of quantifiers are limited, so that no text can tie up the compiler or the database.",
    hint: "Split the expression: a virtual computed field or a rule of its own can hold a part of it.",
  },
  EJS2007: {
    title: "Outside the language",
    detail: "CEL or another language has this construct, the expression language does not.",
    hint: "The message names what to write instead.",
  },
  EJS2010: {
    title: "Wrong type",
    detail: "A value of another type is needed at this place.",
    hint: "Compare with a value of the type that the message names; literals take their type from what they are compared with.",
  },
  EJS2011: {
    title: "Unknown name",
    detail:
      "An expression may begin with the names that its place offers, and with the variables of the quantifiers around it.",
    hint: "The hint lists the names that are known here.",
  },
  EJS2012: {
    title: "Unknown member",
    detail: "The entity or record has no field or relation of that name.",
    hint: "The hint lists the members that there are.",
  },
  EJS2013: {
    title: "Value without members",
    detail: "Only rows and records have members; a scalar, a list and the many side of a relation have methods.",
    hint: "Over a to-many relation use exists(), all(), filter(), map() or size().",
  },
  EJS2014: {
    title: "Unknown function or method",
    detail: "The language has no function of that name, or the value's type has no such method.",
    hint: "The hint lists the functions or the methods of that type.",
  },
  EJS2015: {
    title: "Wrong arguments",
    detail: "A function or method was given too few or too many arguments, or one of a form that it does not take.",
    hint: "The message shows the form.",
  },
  EJS2016: {
    title: "Operator not defined for these types",
    detail: "The operator has no meaning for values of these types.",
    hint: 'Both sides have one type, or are numbers: 20 and not "20".',
  },
  EJS2017: {
    title: "Whole rows compared",
    detail: "Rows are compared by their keys, and with null; a whole row has no value of its own.",
    hint: "Compare ids: row.owner.id == actor.id.",
  },
  EJS2018: {
    title: "Null where it means nothing",
    detail:
      "Only == and != give a two-valued answer about null; every other use would be unknown whatever the row holds.",
    hint: "Write x == null, x != null or has(x).",
  },
  EJS2019: {
    title: "Constant does not fit its type",
    detail: "The text of the constant is not a uuid, timestamp, date, duration or decimal.",
    hint: 'uuid "0190…-….", timestamp "2026-06-01T00:00:00Z", date "2026-06-01", duration "36h", decimal "1.5".',
  },
  EJS2020: {
    title: "Unknown state or enum value",
    detail: "The field is compared with a value that it can never have.",
    hint: "The hint lists the allowed values.",
  },
  EJS2021: {
    title: "Not a value",
    detail: "A row, a relation or a record stands where one value is needed.",
    hint: "Name a field of it, or use exists(), size(), map(…).sum().",
  },
  EJS2022: {
    title: "Name already taken",
    detail: "The variable of a quantifier would hide another name.",
    hint: "Choose another name for the variable.",
  },
  EJS2023: {
    title: "Virtual field depends on itself",
    detail:
      "Virtual fields are put in place of their name wherever they are used; one that leads back to itself never ends.",
    hint: "Break the circle: store one of the fields, or read a column instead.",
  },
  EJS2024: {
    title: "Virtual field with errors",
    detail: "The expression uses a virtual field whose own expression does not check at this place.",
    hint: "Mend the field's expression first.",
  },
  EJS2025: {
    title: "Relation in a same-row expression",
    detail: "CHECK constraints and generated columns see one row only.",
    hint: "Use invariant() for a rule across rows, a virtual field or a rollup for a value across rows. The id of a to-one relation may be read.",
  },
  EJS2026: {
    title: "Actor in a same-row expression",
    detail:
      "CHECK constraints and generated columns hold for whoever writes: they know no actor and no other variable than the row.",
    hint: "Put the condition into a policy.",
  },
  EJS2027: {
    title: "now() in a same-row expression",
    detail:
      "A CHECK constraint or generated column that depends on the time would be true today and false after a restore.",
    hint: "Compare with a column such as createdAt, or put the condition into a policy or guard.",
  },
  EJS2028: {
    title: "Pattern outside the portable subset",
    detail:
      "Patterns mean the same in PostgreSQL and in the evaluator and run in linear time: literals, ., classes, groups, |, * + ? {m,n}, ^ and $.",
    hint: "Write [0-9] for \\d, [a-zA-Z0-9_] for \\w; there are no look-arounds and back references.",
  },
  EJS2030: {
    title: "Integer overflow",
    detail:
      "The result of an integer operation lies outside PostgreSQL's bigint; the database raises the same as 22003.",
    hint: "Use a decimal field, or smaller numbers.",
  },
  EJS2031: {
    title: "Value missing or of another type",
    detail: "The evaluator was given a row or variable that lacks a value, or one that does not fit the declared type.",
    hint: "Give every variable and relation that the expression reads.",
  },
  EJS2040: {
    title: "Symbol used as a JavaScript value",
    detail: "A callback of the model gets symbols that stand for columns; they have no value while the model is built.",
    hint: "Use .eq(…), .and(…), .or(…), .not(), .plus(…), when(condition, a, b) instead of operators, if and template literals.",
  },
  EJS2041: {
    title: "Value that cannot be a constant",
    detail:
      "Constants of an expression are strings, finite numbers, bigints, booleans, null, dates and lists of these.",
    hint: "Give one of these; undefined is usually a misspelt import or property.",
  },
  EJS2042: {
    title: "JavaScript operator on a symbol",
    detail: "&&, ||, !, ?:, === and their like run while the model is built and drop a side: a policy would fail open.",
    hint: "Use .and(…), .or(…), .not(), when(condition, a, b), .eq(…).",
  },
  EJS2043: {
    title: "Unknown method of a symbol",
    detail: "A member of a symbol was called that is not a method of the expression language.",
    hint: "The message lists the methods; a field is read without parentheses.",
  },
});
