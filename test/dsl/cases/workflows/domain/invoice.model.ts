import { action, entity, money, ref, text } from "enginejs";

export const Invoice = entity("Invoice", {
  fields: { number: text(), customer: ref("User"), total: money() },
  actions: { pay: action({ input: { reference: text() } }), send: action() },
});
export const Quiet = entity("Quiet", { events: false, fields: { name: text() } });
export const Receipt = entity("Receipt", {
  fields: { invoice: ref("Invoice").required(), amount: money().required(), twice: money().computed(({ amount }) => amount.plus(amount)) },
});
