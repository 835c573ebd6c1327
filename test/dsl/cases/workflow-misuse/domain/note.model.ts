import { action, allow, entity, rule, state, text } from "enginejs";

const everybody = rule("everybody", ({ row, actor }) => row.tenant.id.eq(actor.tenantId));
const options: any = { inptu: { why: text() } };

export const Note = entity("Note", {
  fields: { text: text(), status: state(["open", "done"], { initial: "open" }) },
  policies: allow({ read: everybody }),
  // The input would have been dropped.
  actions: { close: action(options).from("open").to("done") },
});
