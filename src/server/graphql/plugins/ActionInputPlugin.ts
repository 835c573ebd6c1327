import type {} from "postgraphile";
import { inputParameter } from "../../../dsl-to-sql/index.ts";
import type { System } from "../../../model/index.ts";

/** What an action's input requires is required in GraphQL, too: its SQL function has a default for everything but `id`. */
export const ActionInputPlugin = (system: System): GraphileConfig.Plugin => {
  const required = new Map(
    system.entities.flatMap(({ actions }) =>
      actions.map(({ function: name, input }) => [
        name,
        new Set(
          input
            .filter((field) => field.required && field.default === undefined)
            .map((field) => inputParameter(field.name)),
        ),
      ]),
    ),
  );
  return {
    name: "ActionInputPlugin",
    version: "1.0.0",
    gather: {
      hooks: {
        pgProcedures_functionResourceOptions(_info, { pgProc, functionResourceOptions }) {
          if (pgProc.getNamespace()?.nspname !== system.schema) return;
          const names = required.get(pgProc.proname);
          if (names === undefined) return;
          functionResourceOptions.parameters = functionResourceOptions.parameters.map((parameter) => {
            if (!names.has(parameter.name ?? "")) return parameter;
            const { optional: _replaced, ...rest } = parameter;
            return { ...rest, notNull: true };
          });
        },
      },
    },
  };
};
