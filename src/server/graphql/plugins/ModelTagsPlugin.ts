import type {} from "postgraphile";
import type { ModelTags } from "../model-tags.ts";

interface TagsAndDescription {
  tags: Record<string, unknown>;
  description?: string | undefined;
}

/** Nothing of it reaches GraphQL. */
const hidden: TagsAndDescription = { tags: { behavior: ["-*"] } };

/**
 * Puts the model's tags and descriptions in the place of the database's comments,
 * which are for people. A table, column or function that the model does not know
 * stays out of the schema.
 */
export const ModelTagsPlugin = (schema: string, model: ModelTags): GraphileConfig.Plugin => ({
  name: "ModelTagsPlugin",
  version: "1.0.0",
  before: ["smart-tags", "PgFakeConstraintsPlugin"],
  gather: {
    hooks: {
      pgIntrospection_introspection(_info, { introspection }) {
        const set = (entity: { getTagsAndDescription(): unknown }, known: TagsAndDescription | undefined) => {
          // It is memoized: whoever asks later gets the same object.
          const target = entity.getTagsAndDescription() as TagsAndDescription;
          target.description = known?.description;
          target.tags = Object.assign(Object.create(null), known?.tags);
        };
        const isOurs = (namespace: { nspname: string } | undefined) => namespace?.nspname === schema;
        for (const type of introspection.types) set(type, undefined);
        for (const table of introspection.classes) {
          const known = isOurs(table.getNamespace()) ? model.class[table.relname] : undefined;
          set(table, known ?? hidden);
          for (const attribute of table.getAttributes()) {
            set(attribute, known === undefined ? hidden : (known.attribute[attribute.attname] ?? hidden));
          }
          for (const constraint of table.getConstraints())
            set(constraint, known?.constraint[constraint.conname] ?? hidden);
        }
        for (const procedure of introspection.procs) {
          set(procedure, (isOurs(procedure.getNamespace()) ? model.procedure[procedure.proname] : undefined) ?? hidden);
        }
      },
    },
  },
});
