/** Something to ask a project's GraphQL endpoint for, made from its model. */
import type { Entity, System } from "../model/index.ts";

export interface DemoQuery {
  readonly entity: Entity;
  /** Scalar fields that say something about a row. */
  readonly fields: readonly string[];
}

/** The entity that a person would look at first: one with actions, then one with a list view, then any of a tenant's. */
export function demoEntity(system: System): DemoQuery | undefined {
  const listed = system.entities.filter((entity) => entity.operations.some(({ kind }) => kind === "list"));
  const entity =
    listed.find((candidate) => candidate.actions.length > 0) ??
    listed.find((candidate) => candidate.views.some(({ name }) => name === "list")) ??
    listed.find((candidate) => candidate.tenant) ??
    listed[0];
  if (entity === undefined) return undefined;
  const scalars = new Set(
    entity.fields.filter(({ type }) => type.kind === "scalar" || type.kind === "state").map(({ name }) => name),
  );
  const view = entity.views.find(({ name }) => name === "list")?.columns ?? [];
  const fields = view.filter((name) => scalars.has(name));
  return { entity, fields: fields.length > 0 ? fields : ["id"] };
}

interface Introspection {
  readonly data?: { readonly __schema?: { readonly queryType: { readonly fields: readonly IntrospectedField[] } } };
}
interface IntrospectedField {
  readonly name: string;
  readonly type: { readonly name: string | null };
}

/** The query's text; the list's name is asked of the endpoint itself, whose plurals are its own. */
export async function demoQueryText(endpoint: string, { entity, fields }: DemoQuery): Promise<string | undefined> {
  const query = "{ __schema { queryType { fields { name type { name } } } } }";
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const { data } = (await response.json()) as Introspection;
  const list = data?.__schema?.queryType.fields.find(({ type }) => type.name === `${entity.name}Connection`);
  return list && `{ ${list.name}(first: 3) { nodes { ${fields.join(" ")} } } }`;
}
