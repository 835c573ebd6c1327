import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from "postgraphile/graphql";

/**
 * The fields of a document with every fragment spelt out wherever it is spread: what validating and planning it costs.
 * Itself it costs no more than the document is long. A fragment that spreads itself counts once; validation refuses it.
 */
export function countFields({ definitions }: DocumentNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const counted = new Map<string, number>();
  const ofFragment = (name: string): number => {
    const known = counted.get(name);
    if (known !== undefined) return known;
    counted.set(name, 0);
    const definition = fragments.get(name);
    const fields = definition === undefined ? 0 : ofSelections(definition.selectionSet);
    counted.set(name, fields);
    return fields;
  };
  const ofSelections = (set: SelectionSetNode): number => {
    let fields = 0;
    for (const selection of set.selections) {
      // A fragment is work also where it holds nothing but fragments.
      fields += 1;
      if (selection.kind === Kind.FRAGMENT_SPREAD) fields += ofFragment(selection.name.value);
      else if (selection.selectionSet) fields += ofSelections(selection.selectionSet);
    }
    return fields;
  };
  let fields = 0;
  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) fields += ofSelections(definition.selectionSet);
    else if (definition.kind === Kind.FRAGMENT_DEFINITION) fields = Math.max(fields, ofFragment(definition.name.value));
  }
  return fields;
}
