import type {} from "postgraphile";

type Tagged = { extensions?: { tags?: { name?: unknown } | undefined } | undefined };

const tagName = (thing: Tagged): string | undefined => {
  const name = thing.extensions?.tags?.name;
  return typeof name === "string" ? name : undefined;
};

/** Names as the model gives them: `id` is the id, `invoice(id:)`, `updateInvoice`, `InvoiceLine` whatever its plural would be. */
export const ModelInflectionPlugin: GraphileConfig.Plugin = {
  name: "ModelInflectionPlugin",
  version: "1.0.0",
  after: ["PgSimplifyInflectionPlugin"],
  inflection: {
    add: {
      // PgSimplifyInflectionPlugin complains on the console where there is nothing of this name to replace.
      nodeById(_options: unknown, typeName: string) {
        return this.camelCase(typeName);
      },
    },
    replace: {
      _attributeName(_previous, _options, { attributeName, codec }) {
        const attribute = codec.attributes[attributeName];
        return this.coerceToGraphQLName((attribute && tagName(attribute)) ?? attributeName);
      },
      _singularizedCodecName(previous, _options, codec) {
        return tagName(codec) ?? previous?.(codec) ?? codec.name;
      },
      _singularizedResourceName(previous, _options, resource) {
        return tagName(resource) ?? previous?.(resource) ?? resource.name;
      },
      tableType(previous, _options, codec) {
        return tagName(codec) ?? previous?.(codec) ?? codec.name;
      },
      rowByUnique(_previous, _options, { resource }) {
        return this.tableFieldName(resource);
      },
      updateByKeysField(_previous, _options, { resource }) {
        return `update${this.tableType(resource.codec)}`;
      },
      deleteByKeysField(_previous, _options, { resource }) {
        return `delete${this.tableType(resource.codec)}`;
      },
      updatePayloadType(_previous, _options, { resource }) {
        return `Update${this.tableType(resource.codec)}Payload`;
      },
      deletePayloadType(_previous, _options, { resource }) {
        return `Delete${this.tableType(resource.codec)}Payload`;
      },
      allRowsConnection(_previous, _options, resource) {
        const single = this.tableFieldName(resource);
        const many = this.camelCase(this.distinctPluralize(single));
        return many === single ? `${many}List` : many;
      },
    },
  },
};
