/** What a build says of who gains and who loses. */
import { expect, test } from "vitest";
import { describeAccess } from "../../src/cli/describe-access.ts";
import type { ChangeImpact } from "../../src/database/access-impact/impact.ts";

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
  expect(describeAccess({ changes: [change("read"), change("pay")] })).toEqual([
    "Who may do what:",
    "  Invoice read: no difference on the rows that are there",
    "  Invoice pay: no difference on the rows that are there",
    "  Of actions: whom their rules let pass, whatever guards and transitions say then.",
  ]);
  for (const operation of ["read", "update, left behind", "salary: change"])
    expect(describeAccess({ changes: [change(operation)] })).toHaveLength(2);
});
