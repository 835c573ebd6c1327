/** Triggers that keep the moments at which workflows start for an entity's rows; only where a workflow names one. */
import type { Entity } from "../model/index.ts";
import { triggerAdder } from "./compile-triggers.ts";
import type { StatementList } from "./statement-list.ts";

export function compileMoments(entity: Entity, list: StatementList): void {
  const { workflows } = list.model.system;
  if (!workflows.some(({ trigger }) => trigger.kind === "datetime" && trigger.entity === entity.name)) return;
  const add = triggerAdder(entity, list.model.table(entity), list);
  const keep = (
    event: "insert" | "update" | "delete",
    tables: { readonly newTable?: string; readonly oldTable?: string },
  ) =>
    add(
      {
        name: `91_moments_${event}`,
        timing: "after",
        events: [{ event }],
        level: "statement",
        ...tables,
        function: { schema: "enginejs", name: "workflow_keep_moments" },
        arguments: [entity.name, ...entity.primaryKey.columns],
      },
      "keeps the moments at which workflows start for its rows",
    );
  keep("insert", { newTable: "new_rows" });
  keep("update", { oldTable: "old_rows", newTable: "new_rows" });
  keep("delete", { oldTable: "old_rows" });
}
