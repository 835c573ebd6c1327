import type {} from "postgraphile";
import { inputParameter } from "../../../dsl-to-sql/index.ts";
import type { System } from "../../../model/index.ts";

type Tagged = { extensions?: { tags?: { name?: unknown } | undefined } | undefined };

const tagName = (thing: Tagged): string | undefined => {
  const name = thing.extensions?.tags?.name;
  return typeof name === "string" ? name : undefined;
};

/** PostGraphile's types for what no field of a model can hold, out of the way of entities: a `Point`, a `Path`, a `Line`. */
const unused: ReadonlySet<string> = new Set(
  (
    "Base64EncodedBinary BitString Box CidrAddress Circle InternetAddress JSONPath KeyValueHash LTree Line LineSegment MacAddress " +
    "MacAddress8 Oid Path Point Polygon RegClass RegConfig RegDictionary RegNamespace RegOper RegOperator RegProc RegProcedure " +
    "RegRole RegType TSQuery TSVector Time XML"
  ).split(" "),
);

/** Names as the model gives them: `id` is the id, `invoice(id:)`, `updateInvoice`, `InvoiceLine` whatever its plural would be. */
export const ModelInflectionPlugin = ({ entities }: System): GraphileConfig.Plugin => {
  const inputs = new Map(
    entities.flatMap(({ actions }) =>
      actions.map(({ function: name, input }) => [
        name,
        new Map(input.map((field) => [inputParameter(field.name), field.name])),
      ]),
    ),
  );
  return {
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
        builtin(previous, _options, name) {
          const builtin = previous?.(name) ?? name;
          return unused.has(name) ? `PostgreSQL${builtin}` : builtin;
        },
        _attributeName(_previous, _options, { attributeName, codec }) {
          const attribute = codec.attributes[attributeName];
          return this.coerceToGraphQLName((attribute && tagName(attribute)) ?? attributeName);
        },
        attribute(previous, _options, details) {
          const attribute = details.codec.attributes[details.attributeName];
          return (attribute && tagName(attribute)) ?? previous?.(details) ?? details.attributeName;
        },
        argument(previous, _options, details) {
          const names = inputs.get(details.resource.extensions?.pg?.name ?? "");
          const name = details.param.name ?? "";
          return names?.get(name) ?? previous?.(details) ?? name;
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
          const plural = (name: string) => this.camelCase(this.pluralize(name));
          const others = entities.map(({ name }) => this.camelCase(name)).filter((name) => name !== single);
          let many = plural(single);
          // `news`, `data`: words that are the same for one and for many; `people`, where there are a Person and a People.
          const isTaken = many === single || others.some((other) => other === many || plural(other) === many);
          if (isTaken) many = `${single}List`;
          while (others.includes(many)) many += "List";
          return many;
        },
      },
    },
  };
};

const upperFirst = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
