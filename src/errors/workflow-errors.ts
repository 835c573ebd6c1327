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
});
