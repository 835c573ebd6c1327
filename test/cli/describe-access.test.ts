/** What a build says of who gains and who loses. */
import { expect, test } from "vitest";
import { describeAccess } from "../../src/cli/describe-access.ts";
import type { ChangeImpact } from "../../src/database/access-impact/impact.ts";
import type { RightChange } from "../../src/dsl-to-sql/index.ts";

const change = (operation: string): ChangeImpact => ({
  entity: "Invoice",
  operation,
  mayWiden: true,
  mayNarrow: false,
  counted: "all",
  roles: [],
  causes: [],
});

test("of an action it says that guards and transitions are not counted", () => {
  expect(describeAccess({ changes: [change("read"), change("pay")], rights: [] })).toEqual([
    "Who may do what:",
    "  Invoice read: no difference on the rows that are there",
    "  Invoice pay: no difference on the rows that are there",
    "  Of actions: whom their rules let pass, whatever guards and transitions say then.",
  ]);
  for (const operation of ["read", "update, left behind", "salary: change"])
    expect(describeAccess({ changes: [change(operation)], rights: [] })).toHaveLength(2);
});

test("who may start, decide, publish: what is told, and why", () => {
  const right: RightChange = {
    of: "workflow send-refund",
    operation: "start",
    mayWiden: true,
    mayNarrow: true,
    says: ["billing may now start send-refund", "sales may no longer start send-refund"],
    gained: ["billing"],
    lost: ["sales"],
    causes: [
      {
        verb: "~",
        what: "roles of workflow send-refund",
        widens: "some",
        policy: false,
        subjects: ["workflows.send-refund"],
        where: { file: "domain/refund.workflow.ts", line: 12, column: 3 },
      },
    ],
  };
  expect(describeAccess({ changes: [], rights: [right] })).toEqual([
    "Who may do what:",
    "  billing may now start send-refund; sales may no longer start send-refund",
    "    ~ roles of workflow send-refund  domain/refund.workflow.ts:12  widens, no consent",
  ]);
});
