/** How many rows a document asks for: the page sizes of lists within lists, multiplied. Made once per document, evaluated with each request's variables. */
import {
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from "postgraphile/graphql";
import { RequestError } from "../request-error.ts";

export interface PageLimits {
  readonly defaultPageSize: number;
  /** Most for `first` and `last`. */
  readonly pageSize: number;
  readonly offset: number;
  /** Most rows of one request. */
  readonly rows: number;
}

type Variables = Readonly<Record<string, unknown>>;

/** A literal, or what a variable holds. Absent and null are undefined. */
type Size = number | { readonly variable: string; readonly otherwise: number | undefined } | undefined;

interface Page {
  readonly field: string;
  readonly first: Size;
  readonly last: Size;
  readonly offset: Size;
}

/** Rows below this point: those of `page` each with those of `within`. */
interface Estimate {
  readonly page?: Page;
  readonly within: readonly Estimate[];
}

export type RowCheck = (variables: Variables) => void;

/**
 * @returns a function that throws RequestError EJS5022 for a page above the limit and EJS5025 for too many rows in all;
 * undefined where the operation has no lists
 */
export function rowCheck(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  limits: PageLimits,
): RowCheck | undefined {
  const root = schema.getRootType(operation.operation);
  if (!root) return undefined;
  const defaults = new Map(
    operation.variableDefinitions?.map((definition) => [
      definition.variable.name.value,
      intOf(definition.defaultValue),
    ]),
  );
  const ofFragment = new Map<string, readonly Estimate[]>();

  const sizeOf = (node: ValueNode | undefined): Size =>
    node?.kind === Kind.VARIABLE
      ? { variable: node.name.value, otherwise: defaults.get(node.name.value) }
      : intOf(node);

  const ofSelections = (set: SelectionSetNode, parent: GraphQLCompositeType): readonly Estimate[] =>
    set.selections.flatMap((selection): readonly Estimate[] => {
      // The array as a whole, so that fragments spread within fragments do not multiply.
      if (selection.kind === Kind.FRAGMENT_SPREAD) return [{ within: fragment(selection.name.value) }];
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const type = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : parent;
        return type && isCompositeType(type) ? ofSelections(selection.selectionSet, type) : [];
      }
      const field = fieldOf(parent, selection.name.value);
      const type = field && getNamedType(field.type);
      if (!selection.selectionSet || !type || !isCompositeType(type)) return [];
      const within = ofSelections(selection.selectionSet, type);
      if (!field.args.some((arg) => arg.name === "first")) return within;
      const argument = (name: string) => sizeOf(selection.arguments?.find((arg) => arg.name.value === name)?.value);
      const page = {
        field: selection.name.value,
        first: argument("first"),
        last: argument("last"),
        offset: argument("offset"),
      };
      return [{ page, within }];
    });

  const fragment = (name: string): readonly Estimate[] => {
    const known = ofFragment.get(name);
    if (known) return known;
    // Validation has refused cycles before this runs.
    const definition = fragments.get(name);
    const type = definition && schema.getType(definition.typeCondition.name.value);
    const estimates = definition && type && isCompositeType(type) ? ofSelections(definition.selectionSet, type) : [];
    ofFragment.set(name, estimates);
    return estimates;
  };

  const estimates = ofSelections(operation.selectionSet, root);
  if (estimates.length === 0) return undefined;
  return (variables) => {
    // A fragment that is spread many times is the same array: counted once, used often.
    const counted = new Map<readonly Estimate[], number>();
    const count = (list: readonly Estimate[]): number => {
      const known = counted.get(list);
      if (known !== undefined) return known;
      let rows = 0;
      for (const { page, within } of list) {
        const inner = count(within);
        rows += page === undefined ? inner : pageRows(page, variables, limits) * (1 + inner);
      }
      counted.set(list, rows);
      return rows;
    };
    const rows = count(estimates);
    if (rows > limits.rows) {
      throw new RequestError(
        "EJS5025",
        400,
        `The request asks for up to ${rows} rows; ${limits.rows} are allowed. Give the inner lists a smaller \`first\`.`,
        { extensions: { rows, allowed: limits.rows } },
      );
    }
  };
}

function pageRows(page: Page, variables: Variables, limits: PageLimits): number {
  const { field } = page;
  const first = currentSize(page.first, variables);
  const last = currentSize(page.last, variables);
  refuseBeyond(field, "first", first, limits.pageSize);
  refuseBeyond(field, "last", last, limits.pageSize);
  refuseBeyond(field, "offset", currentSize(page.offset, variables), limits.offset);
  if (first !== undefined && last !== undefined) {
    throw new RequestError("EJS5024", 400, `${field}: give either \`first\` or \`last\`, not both.`);
  }
  return first ?? last ?? limits.defaultPageSize;
}

function refuseBeyond(field: string, argument: string, value: number | undefined, allowed: number): void {
  if (value === undefined || (value >= 0 && value <= allowed)) return;
  throw new RequestError("EJS5022", 400, `${field}: \`${argument}\` is ${value}; 0 to ${allowed} is allowed.`, {
    extensions: { argument, allowed },
  });
}

function currentSize(size: Size, variables: Variables): number | undefined {
  if (typeof size !== "object") return size;
  const value = variables[size.variable];
  if (value === undefined) return size.otherwise;
  // Anything else than a number fails at the coercion that follows.
  return typeof value === "number" ? value : undefined;
}

const intOf = (node: ValueNode | undefined): number | undefined =>
  node?.kind === Kind.INT ? Number(node.value) : undefined;

function fieldOf(parent: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}
