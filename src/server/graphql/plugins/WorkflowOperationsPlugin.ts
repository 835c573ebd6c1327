import type {} from "postgraphile";
import type { FieldArgs, Step } from "postgraphile/grafast";
import { extendSchema, gql } from "postgraphile/utils";
import { coreChange, coreList, coreOne, executorOf } from "../core-call.ts";

const filter = ["workflow", "since", "tenant", "record"] as const;
const list = "select r::text as answer from enginejs.list_runs($1, $5, $2, $3, $4, $6, $7) r";
const show = "select enginejs.show_run($1)::text as answer";
const deadLetters = "select l::text as answer from enginejs.list_dead_letters($1, $2, $3, $4, $5, $6) l";
const redrive = "select to_jsonb(r)::text as answer from enginejs.redrive_runs($1, $2, $5, $3, $4, $6, $7, $8, $9) r";

/**
 * What operators see and do: `workflowRuns`, `workflowRun`, `workflowDeadLetters`, and the mutations that `enginejs workflow`
 * has as commands. The functions of the core ask for the platform's role `operator`, live, whoever calls them.
 */
export const WorkflowOperationsPlugin = (): GraphileConfig.Plugin =>
  extendSchema((build) => {
    const executor = executorOf(build);
    const { lambda } = build.grafast;
    /** Changes a run and gives it as it is afterwards. */
    const change = (text: string, names: readonly string[]) => (_$root: Step, args: FieldArgs) => {
      const $done = coreChange(executor, `select to_jsonb(${text})::text as answer`, args, names);
      const $run = lambda([$done, args.getRaw("run")] as const, ([, run]) => run);
      return coreOne(executor, show, [$run]);
    };
    const fork = (_$root: Step, args: FieldArgs) => {
      const text = "select to_jsonb(enginejs.fork_run($1, $2, coalesce($3, false), $4))::text as answer";
      return coreOne(executor, show, [coreChange(executor, text, args, ["run", "fromStep", "newest", "reason"])]);
    };
    const ofWorkflow = (name: string) => (_$root: Step, args: FieldArgs) =>
      coreChange(executor, `select to_jsonb(enginejs.${name}($1, $2) is not null)::text as answer`, args, [
        "workflow",
        "reason",
      ]);
    return {
      typeDefs: gql`
        extend type Query {
          """For operators: runs of workflows, the newest first."""
          workflowRuns(
            workflow: String
            status: WorkflowRunStatus
            since: Datetime
            tenant: UUID
            record: UUID
            first: Int = 50
            """The last run of the page before."""
            after: UUID
          ): [WorkflowRun!]!
          """For operators: one run."""
          workflowRun(id: UUID!): WorkflowRun
          """For operators: what was given up, the oldest first."""
          workflowDeadLetters(
            workflow: String
            since: Datetime
            tenant: UUID
            record: UUID
            first: Int = 50
            """When the last one of the page before failed."""
            after: Datetime
          ): [WorkflowDeadLetter!]!
        }
        extend type Mutation {
          """For operators: a failed run tries again from its failed step, with its checkpoints."""
          retryWorkflowRun(run: UUID!, reason: String): WorkflowRun!
          """For operators: a run ends, and its compensations undo what it did."""
          cancelWorkflowRun(run: UUID!, reason: String): WorkflowRun!
          """For operators: a failed run of a workflow that halts in order is passed over, and those behind it go on."""
          skipWorkflowRun(run: UUID!, reason: String): WorkflowRun!
          """For operators: a run waits until somebody resumes it."""
          pauseWorkflowRun(run: UUID!, reason: String): WorkflowRun!
          """For operators: a paused run goes on."""
          resumeWorkflowRun(run: UUID!, reason: String): WorkflowRun!
          """For operators: a new run of a run's event that begins at a step, with the checkpoints before it."""
          forkWorkflowRun(
            run: UUID!
            fromStep: String!
            """By the definition of the newest build instead of the run's own."""
            newest: Boolean
            reason: String
          ): WorkflowRun!
          """For operators: a workflow starts no new runs, and its queued ones wait. False: it was paused already."""
          pauseWorkflow(workflow: String!, reason: String): Boolean!
          """For operators: a paused workflow goes on with all that has waited. False: it was not paused."""
          resumeWorkflow(workflow: String!, reason: String): Boolean!
          """For operators: dead letters try again, the oldest first."""
          redriveWorkflowRuns(
            workflow: String
            since: Datetime
            tenant: UUID
            record: UUID
            """Only what failed before it."""
            until: Datetime
            """Only those whose error has this text."""
            error: String
            """Only those that follow a message of this queue."""
            queue: String
            """How many at most."""
            limit: Int = 1000
            reason: String
          ): WorkflowRedrive!
        }
        enum WorkflowRunStatus {
          """Waits for a free worker."""
          pending
          """A worker is at it."""
          processing
          """Waits for what waitingFor says."""
          waiting
          """Waits for an operator."""
          paused
          """What it did is being undone."""
          compensating
          done
          failed
          cancelled
        }
        """A run of a workflow."""
        type WorkflowRun {
          id: UUID!
          workflow: String!
          status: WorkflowRunStatus!
          attempts: Int!
          createdAt: Datetime!
          finishedAt: Datetime
          nextRunAt: Datetime
          failedStep: String
          error: String
          """Why somebody wants it to end."""
          cancel: String
          """What it waits for; empty for one that has ended."""
          waitingFor: [JSON!]!
          output: JSON
          eventId: String!
          model: String!
          action: String!
          recordId: UUID!
          tenant: UUID
          """Who caused the event."""
          actor: JSON
          """The steps that are done, in their order."""
          steps: [WorkflowStep!]!
        }
        """A step of a run that is done."""
        type WorkflowStep {
          """The node's path."""
          step: String!
          """The task that it has called, where it calls one: a task file, or a plugin's step."""
          task: String
          output: JSON
          finishedAt: Datetime!
        }
        """A run, or an event that no condition could be evaluated for, that was given up."""
        type WorkflowDeadLetter {
          runId: UUID
          workflow: String!
          failedStep: String
          error: String
          attempts: Int!
          failedAt: Datetime!
          eventId: String!
          model: String!
          action: String!
          recordId: UUID!
          tenant: UUID
        }
        """What became of dead letters."""
        type WorkflowRedrive {
          runs: Int!
          events: Int!
          """Runs that have undone what they did, and can only be forked."""
          refused: Int!
        }
      `,
      objects: {
        Query: {
          plans: {
            workflowRuns: (_$root, args) => coreList(executor, list, args, [...filter, "status", "first", "after"]),
            workflowRun: (_$root, args) => coreOne(executor, show, [args.getRaw("id")]),
            workflowDeadLetters: (_$root, args) => coreList(executor, deadLetters, args, [...filter, "first", "after"]),
          },
        },
        Mutation: {
          plans: {
            retryWorkflowRun: change("enginejs.retry_run($1, $2)", ["run", "reason"]),
            cancelWorkflowRun: change("enginejs.cancel_run($1, $2)", ["run", "reason"]),
            skipWorkflowRun: change("enginejs.skip_run($1, $2)", ["run", "reason"]),
            pauseWorkflowRun: change("enginejs.pause_run($1, $2)", ["run", "reason"]),
            resumeWorkflowRun: change("enginejs.resume_run($1, $2)", ["run", "reason"]),
            forkWorkflowRun: fork,
            pauseWorkflow: ofWorkflow("pause_workflow"),
            resumeWorkflow: ofWorkflow("resume_workflow"),
            redriveWorkflowRuns: (_$root, args) =>
              coreChange(executor, redrive, args, [...filter, "until", "error", "limit", "reason", "queue"]),
          },
        },
        WorkflowRun: {
          plans: {
            steps: ($run: Step) => build.grafast.get(coreOne(executor, show, [build.grafast.get($run, "id")]), "steps"),
          },
        },
      },
    };
  }, "WorkflowOperationsPlugin");
