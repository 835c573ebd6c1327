import { defineErrors } from "./definition.ts";

/** Codes EJS3xxx: IR to SQL, plan and diff. */
export const compileErrors = defineErrors({
  EJS3001: {
    title: "Two parts of the model become one object",
    detail:
      "Tables, indexes, constraints and functions are named after entities, fields and actions. Two of them came out with the same name in the same schema.",
    hint: "Rename one of the two.",
  },
  EJS3002: {
    title: "A policy is served by no index",
    detail:
      "A policy compares a column with something of the actor, and no index begins with that column (after the tenant's). PostgreSQL then reads every row of the tenant for each statement.",
    hint: "Add the index that the message names to the entity's `indexes`.",
  },
  EJS3010: {
    title: "An entity is gone, or was renamed",
    detail:
      "The database holds the table of an entity that the model no longer declares under that name. Dropping it would drop its rows. A build adds to existing tables and replaces what holds no rows; it drops nothing, and guesses no renames.",
    hint: "Put the entity back, or move the rows yourself first.",
  },
  EJS3011: {
    title: "A field is gone, or was renamed",
    detail:
      "The database holds the column of a field that the model no longer declares under that name. Dropping it would drop what it holds.",
    hint: "Put the field back, or move the values yourself first.",
  },
  EJS3012: {
    title: "A field changed its type, storage or default",
    detail: "The column of a field would have to be altered, and what it holds may not fit. A build alters no column.",
    hint: "Put the field back as it was and add another field beside it.",
  },
  EJS3013: {
    title: "What every key depends on changed",
    detail:
      "The schema, the tenancy, the actor's entity, a primary key, or whether an entity's rows belong to a tenant: every table or reference depends on it.",
    hint: "Put it back, or build the changed model into an empty database.",
  },
  EJS3014: {
    title: "A field became required, or no longer is",
    detail:
      "Rows that are there may have no value for a field that is new and required, or became required. A new field may be required where a constant default fills the rows that are there.",
    hint: "Give a new field a constant default, or do not require it.",
  },
  EJS3015: {
    title: "A rule, unique, reference or role changed in a way that rows may break",
    detail:
      "Rows that are there were checked against the old constraint only. A build adds constraints only to columns that are new, and lets a state machine or the list of roles grow.",
    hint: "Put the constraint back as it was.",
  },
  EJS3016: {
    title: "A claim changed its type",
    detail:
      "A claim is a function, and policies and other functions that ask for it hang on what it returns. A build does not take them away to make it anew.",
    hint: "Give the claim with the other type another name; the old one goes when nothing asks for it.",
  },
  EJS3017: {
    title: "More is allowed than before, without a consent",
    detail:
      "A rule came, changed or went, or a role, flag or claim that rules ask for, and somebody may do more than in the build that the database holds: counted on its rows, or not to be excluded by the text. A build that runs unattended (`CI` is set, or `--check`) then ends with exit code 1 and applies nothing; elsewhere this is a warning.",
    hint: 'Say why in the model: `.consent("auditors asked for it, 2026-11")` on the policy, or `consents: { "Invoice.delete": "…" }` in the config. A sentence counts once.',
  },
  EJS3040: {
    title: "The database decides otherwise than the rules",
    detail:
      "`enginejs policy test` asked the same of the rules in memory and of PostgreSQL, and the answers differ: what the model says is not what the database does.",
    hint: "This is a mistake of EngineJS, not of the model: please report it with the seed that the message names.",
  },
  EJS3041: {
    title: "No case holds a clause of a rule",
    detail:
      "`enginejs policy test` left the clause out or turned it around, and not one statement in all its worlds came to another end. The clause is redundant, or no data that the model allows makes it count.",
    hint: "Leave the clause out, or look whether the rule says what is meant: a clause that another one implies often stands for one that was forgotten.",
  },
});
