import { defineErrors } from "./definition.ts";

/** Codes EJS6xxx: relay, runner, steps, tasks. */
export const workflowErrors = defineErrors({
  EJS6001: {
    title: "No actor to run as",
    detail:
      'A workflow that runs "as: inherit" follows an event that nobody caused as an actor, such as a change made in psql without claims. Its run fails and is not tried again.',
    hint: 'Write with an actor (enginejs.begin_request), or declare the workflow `as: "system"`.',
  },
  EJS6002: {
    title: "No such task",
    detail:
      "A step calls a task for which this worker has no file. The step is tried again: another worker, or the next deployment, may have it.",
    hint: "Put the file into `tasks/`; its name without the extension is the task's name.",
  },
  EJS6003: {
    title: "The input does not fit the task",
    detail:
      "The values that a step hands to its task do not satisfy the task's input schema. The run fails and is not tried again.",
    hint: "Change the step's values or the schema, so that each value that can occur is allowed.",
  },
  EJS6004: {
    title: "The output does not fit the task",
    detail: "What a task returned does not satisfy its own output schema. The run fails and is not tried again.",
    hint: "Return what the output schema describes; later steps rely on it.",
  },
  EJS6005: {
    title: "A workflow cannot be run with this model",
    detail:
      "An expression of a workflow's definition does not fit the model that the database holds now: a run keeps the definition that it started with, and what it names was changed since.",
    hint: "Build a model again that has what the definition names, or start the work anew with the changed workflow.",
  },
  EJS6006: {
    title: "A step was denied",
    detail:
      "A database step of a workflow ran with the rights of the run's actor, and a policy or a grant said no. The run fails and is not tried again.",
    hint: 'Give the actor the right, or declare the workflow `as: "system"`.',
  },
  EJS6007: {
    title: "Nothing is built into the database",
    detail: "The worker found no build to take the workflows from.",
    hint: "Run `enginejs sql build` against this database first.",
  },
  EJS6008: {
    title: "A workflow's steps have no order",
    detail: "The edges between the nodes of a definition form a circle, or name a node that does not exist.",
    hint: "Let each edge lead from an earlier node to a later one.",
  },
  EJS6009: {
    title: "Runs follow from one another without end",
    detail:
      "What a run writes is an event, which may start a run, and so on. After 50 of them in a row the next one fails: most likely a workflow causes the very event that it starts on.",
    hint: "Give the trigger a condition that its own change does not meet, `updated(({ before, after }) => …)`, or start it on an action.",
  },
  EJS6010: {
    title: "A workflow was removed",
    detail:
      "The newest build has no workflow of this name any more. Its runs that were not done fail, and nobody can start it.",
    hint: "Build a model again that has the workflow, and start the work anew; or let its runs end before it is removed.",
  },
  EJS6011: {
    title: "A run was not done in time",
    detail:
      "The workflow has a timeout, counted from the event, waits included, and it is over. What the run did is undone by its compensations.",
    hint: "Give the workflow more time, or let the steps that wait have a timeout of their own.",
  },
  EJS6012: {
    title: "A step found no row",
    detail:
      "A step reads, changes or deletes one row by its id, and no such row is there for the run's actor: it was deleted, or a policy hides it. The run fails and is not tried again.",
    hint: 'Give the actor the right, read the row with `missing: "null"` and branch, or declare the workflow `as: "system"`.',
  },
  EJS6013: {
    title: "A value is not what the step needs",
    detail: "The items of a forEach are no list, or the key of a signal is null. The run fails and is not tried again.",
    hint: "Give the step the rows of a list step, an array that a task returns, or a key that is always there.",
  },
  EJS6014: {
    title: "An approval was refused",
    detail: "The person who was asked refused, or nobody decided in time, and the step says that this ends the run.",
    hint: 'Declare `refused: "continue"` and branch on `approved`, where the workflow should go on.',
  },
  EJS6015: {
    title: "A workflow ended with an error of its own",
    detail: "The run came to a `fail` step, which names an error that the workflow declares.",
    hint: "The message carries what the workflow says about it.",
  },
});
