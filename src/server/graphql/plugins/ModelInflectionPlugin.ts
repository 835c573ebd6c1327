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
      createField(_previous, _options, resource) {
        return `create${this.tableType(resource.codec)}`;
      },
      createInputType(_previous, _options, resource) {
        return `Create${this.tableType(resource.codec)}Input`;
      },
      createPayloadType(_previous, _options, resource) {
        return `Create${this.tableType(resource.codec)}Payload`;
      },
      updateByKeysField(_previous, _options, { resource }) {
        return `update${this.tableType(resource.codec)}`;
      },
      updateByKeysInputType(_previous, _options, { resource }) {
        return `Update${this.tableType(resource.codec)}Input`;
      },
      updatePayloadType(_previous, _options, { resource }) {
        return `Update${this.tableType(resource.codec)}Payload`;
      },
      deleteByKeysField(_previous, _options, { resource }) {
        return `delete${this.tableType(resource.codec)}`;
      },
      deleteByKeysInputType(_previous, _options, { resource }) {
        return `Delete${this.tableType(resource.codec)}Input`;
      },
      deletePayloadType(_previous, _options, { resource }) {
        return `Delete${this.tableType(resource.codec)}Payload`;
      },
      customMutationField(previous, _options, details) {
        return tagName(details.resource) ?? previous?.(details) ?? details.resource.name;
      },
      customMutationInput(_previous, _options, details) {
        return `${upperFirst(this.customMutationField(details))}Input`;
      },
      customMutationPayload(_previous, _options, details) {
        return `${upperFirst(this.customMutationField(details))}Payload`;
      },
      allRowsConnection(_previous, _options, resource) {
        const single = this.tableFieldName(resource);
        const many = this.camelCase(this.pluralize(single));
        // `news`, `data`: words that are the same for one and for many.
        return many === single ? `${many}List` : many;
      },
    },
  },
};

const upperFirst = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
