import type {} from "postgraphile";
import { extendSchema, gql } from "postgraphile/utils";
import { coreChange, coreList, executorOf } from "../core-call.ts";

const open = `select (to_jsonb(a) || jsonb_build_object('recordId', a.record_id))::text as answer
  from enginejs.workflow_approvals() a limit $1`;
const decide = "select to_jsonb(enginejs.workflow_decide($1, $2, $3, $4))::text as answer";

/**
 * `workflowApprovals` and `decideWorkflowApproval`: the decisions that runs of workflows wait for. Each approval's own
 * condition says who sees it and decides it, in the database, for the actor of the request.
 */
export const WorkflowApprovalsPlugin = (): GraphileConfig.Plugin =>
  extendSchema((build) => {
    const executor = executorOf(build);
    return {
      typeDefs: gql`
        extend type Query {
          """The decisions that runs of workflows wait for and that you may take, the oldest first."""
          workflowApprovals(first: Int = 50): [WorkflowApproval!]!
        }
        extend type Mutation {
          """Takes a decision that a run waits for. What it returns is what was decided."""
          decideWorkflowApproval(
            run: UUID!
            step: String!
            approve: Boolean!
            """Kept with the decision."""
            comment: String
          ): Boolean!
        }
        """A decision that a run of a workflow waits for."""
        type WorkflowApproval {
          run: UUID!
          step: String!
          workflow: String!
          """What is asked."""
          question: String
          """What there is to decide over."""
          data: JSON
          """The entity of the event that the run follows."""
          model: String!
          recordId: UUID!
          since: Datetime!
          """When it is too late."""
          until: Datetime
        }
      `,
      objects: {
        Query: {
          plans: {
            workflowApprovals: (_$root, args) => coreList(executor, open, args, ["first"]),
          },
        },
        Mutation: {
          plans: {
            decideWorkflowApproval: (_$root, args) =>
              coreChange(executor, decide, args, ["run", "step", "approve", "comment"]),
          },
        },
      },
    };
  }, "WorkflowApprovalsPlugin");
