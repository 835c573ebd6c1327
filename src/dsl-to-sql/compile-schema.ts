/** The application's schema and who may look into it. */
import type { StatementList } from "./statement-list.ts";

export function compileSchema(list: StatementList): void {
  const { schema } = list.model.system;
  const object = `schema ${schema}`;
  list.add(
    { kind: "create schema", schema, owner: "enginejs_owner" },
    { kind: "schema", object, phase: "schema", role: "login" },
  );
  const grant = (name: string, to: readonly string[], privileges: readonly ("usage" | "create")[]): void => {
    list.add(
      {
        kind: "grant",
        privileges: privileges.map((privilege) => ({ privilege })),
        on: { type: "schema", name: schema },
        to,
      },
      // Before everything else: functions are made by the roles that own them.
      { kind: "grant", id: `grant on ${object} to ${name}`, object, phase: "schema", dependsOn: [object] },
    );
  };
  grant("actors", ["enginejs_anonymous", "enginejs_user", "enginejs_system"], ["usage"]);
  grant("owners of functions", ["enginejs_action", "enginejs_reader"], ["usage", "create"]);
}
