import { defineErrors } from "./definition.ts";

/** Codes EJS6xxx: relay, runner, steps, tasks. */
export const workflowErrors = defineErrors({
  EJS6001: {
    title: "No actor to run as",
    detail:
      'A workflow that runs "as: inherit" follows an event that nobody caused as an actor, such as a change made in psql without claims; or the subject that "as: impersonate" names is nobody, or no member of the event\'s tenant. Its run fails and is not tried again.',
    hint: 'Write with an actor (enginejs.begin_request), name a member of the tenant, or declare the workflow `as: "system"`.',
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
  EJS6016: {
    title: "The input does not fit the workflow",
    detail:
      "A run was started by the platform (`enginejs.workflow_start`, another workflow) or by a signal with an input that the workflow's own schema does not allow; the message names each place. Nothing of it was done, and it is not tried again. What people start is refused before there is a run.",
    hint: "Start it anew with an input that fits, or change the schema.",
  },
  EJS6017: {
    title: "A message does not fit its consumer",
    detail:
      "A workflow or handler received a message that is not what its queue's schema says: it was published under another schema, or what is wrong with it cannot be found by SQL. The run fails and is not tried again.",
    hint: "Let the schema allow what was published before, build, and `enginejs workflow fork RUN --from-step start --newest`; or publish the message anew.",
  },
  EJS6018: {
    title: "Nothing says who may decide an approval",
    detail:
      "A run of an older definition came to an approval whose rule the model has no more. The build keeps such a function for runs that are under way or have failed, so that this one was forked from a run that was over, or the function was dropped by hand. The run fails and is not tried again.",
    hint: "Fork the run to the newest definition: `enginejs workflow fork RUN --from-step STEP --newest`. Where the function was dropped by hand, `enginejs sql build` puts it back.",
  },
  EJS6019: {
    title: "A task goes on by a way that its step does not have",
    detail:
      "A task returned `outcome(name, value)`, and the step that calls it declares no way out of that name; or it returned no outcome where the step has several ways out and none is called `ok`. The run fails and is not tried again.",
    hint: "Return an outcome that the step's `out` names, or declare it there.",
  },
  EJS6020: {
    title: "The result of a step cannot be kept",
    detail:
      "What a step gave is no JSON (a circle, a BigInt), holds a text that PostgreSQL cannot keep (the character U+0000, half of a surrogate pair), is larger than 16 MB, or makes the results of its run larger than 128 MB. The run fails and is not tried again; what the step did outside is done.",
    hint: "Keep what is large where large things belong, and return its name or key.",
  },
  EJS6021: {
    title: "The plugin is missing in this worker, or is of another version",
    detail:
      "A step of a workflow is a plugin's. The worker takes plugins from the config that it was started with, and has not this one, or a version of it whose step there is not, or takes something else. The step is tried again: another worker, or the next deployment, may have it.",
    hint: "Install the same version where the model is built and where workers run, list the plugin in `plugins` of enginejs.config.ts, and restart the worker.",
  },
  EJS6022: {
    title: "A step's row or value cannot be",
    detail:
      "PostgreSQL refused what a step in the database was about to do: a unique key that another row has, a rule, a reference to a row that is not there, a field without its value, a value out of its type's range. The message names the step, the constraint in the model's words, and the SQLSTATE. Nothing of the step was done, and it is not tried again.",
    hint: 'Where it may happen, look first (`find` with `missing: "null"`, `branch`). Once the row or the model is mended: `enginejs workflow retry RUN`.',
  },
  EJS6023: {
    title: "A server's answer does not fit the step",
    detail:
      "What an `http` step was answered, with a status from 200 to 299, is not what its `response` says; the message names each place. More than it says is no misfit. The request was done; the run fails, and it is not tried again.",
    hint: "Let `response` say what the server gives, or leave it out and look at `body` in a task.",
  },
  EJS6024: {
    title: "A signal's payload does not fit the step",
    detail:
      "What a run has waited for came with another payload than the step's `payload` says; the message names each place. More than it says is no misfit. The run fails, and it is not tried again.",
    hint: "Wait once more, and give the signal with a payload that fits: `enginejs workflow fork RUN --from-step STEP`, with `--newest` where `payload` was mended.",
  },
});
