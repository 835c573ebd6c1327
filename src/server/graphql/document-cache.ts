import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  type ValidationRule,
  validate,
} from "postgraphile/graphql";
import { LruCache } from "../lru-cache.ts";
import type { RequestErrorCode } from "../request-error.ts";
import { countFields } from "./count-fields.ts";
import { type PageLimits, type RowCheck, rowCheck } from "./row-estimate.ts";

export interface CheckedOperation {
  readonly kind: OperationDefinitionNode["operation"];
  /** Throws where this request's page sizes are beyond the limits. */
  readonly checkRows: RowCheck | undefined;
}

export type CheckedDocument =
  | { readonly document: DocumentNode; readonly operations: ReadonlyMap<string, CheckedOperation> }
  | { readonly errors: readonly GraphQLError[] };

export interface DocumentLimits extends PageLimits {
  /** Fields of a document, fragments spelt out. */
  readonly fields: number;
}

/** A document has no more tokens than this: graphql-js stops reading there. */
const maxTokens = 10_000;
const remembered = 500;

/** Parses and validates each text once per schema. */
export class DocumentCache {
  readonly #schema: GraphQLSchema;
  readonly #rules: readonly ValidationRule[];
  readonly #limits: DocumentLimits;
  readonly #known = new LruCache<string, CheckedDocument>(remembered);

  constructor(schema: GraphQLSchema, rules: readonly ValidationRule[], limits: DocumentLimits) {
    this.#schema = schema;
    this.#rules = rules;
    this.#limits = limits;
  }

  get(text: string): CheckedDocument {
    const known = this.#known.get(text);
    if (known) return known;
    const checked = this.#check(text);
    this.#known.set(text, checked);
    return checked;
  }

  #check(text: string): CheckedDocument {
    let document: DocumentNode;
    try {
      document = parse(text, { maxTokens });
    } catch (error) {
      if (error instanceof GraphQLError) return { errors: [error] };
      if (!(error instanceof RangeError)) throw error;
      // graphql-js descends by calling itself.
      const code: RequestErrorCode = "EJS5021";
      return { errors: [new GraphQLError("The document is nested too deeply to be read.", { extensions: { code } })] };
    }
    // First of all: validation and planning of fragments within fragments would never end.
    const fields = countFields(document);
    if (fields > this.#limits.fields) {
      const code: RequestErrorCode = "EJS5026";
      const message = `The document holds ${fields} fields, fragments spelt out; ${this.#limits.fields} are allowed.`;
      return { errors: [new GraphQLError(message, { extensions: { code } })] };
    }
    const errors = validate(this.#schema, document, this.#rules, { maxErrors: 20 });
    if (errors.length > 0) return { errors };
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    }
    const operations = new Map<string, CheckedOperation>();
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      if (!this.#schema.getRootType(definition.operation)) {
        const message = `The schema has no ${definition.operation}s.`;
        return { errors: [new GraphQLError(message, { nodes: definition })] };
      }
      operations.set(definition.name?.value ?? "", {
        kind: definition.operation,
        checkRows: rowCheck(this.#schema, definition, fragments, this.#limits),
      });
    }
    return { document, operations };
  }
}
