import type {} from "postgraphile";
import { RequestError } from "../../request-error.ts";

/** An update that meets no row (there is none, or the policy hides it) is an error, as PostGraphile's delete has it, and not an empty success. */
export const UpdatedRowPlugin: GraphileConfig.Plugin = {
  name: "UpdatedRowPlugin",
  version: "1.0.0",
  schema: {
    hooks: {
      GraphQLObjectType_fields_field(field, build, { scope }) {
        const { plan } = field;
        if (!scope.isPgUpdateMutation || plan === undefined) return field;
        const { ObjectStep, sideEffect } = build.grafast;
        return {
          ...field,
          plan($parent, args, info) {
            const $payload = plan($parent, args, info);
            if (!($payload instanceof ObjectStep))
              throw new TypeError("an update's plan is not the payload that it was");
            sideEffect($payload.getStepForKey("result"), (row: unknown) => {
              if (row == null) throw new RequestError("EJS5030", 404);
            });
            return $payload;
          },
        };
      },
    },
  },
};
