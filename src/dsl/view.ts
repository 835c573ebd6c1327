/** Views: how generated surfaces show an entity. Recorded in the model; a list, a detail. */
import { declared } from "./declared.ts";
import { captureSite, type Site } from "./site.ts";

export interface ViewDeclaration {
  readonly kind: "view";
  readonly site: Site | undefined;
  readonly columns: { readonly fields: readonly string[]; readonly site: Site | undefined };
  readonly filters: { readonly fields: readonly string[]; readonly site: Site | undefined };
  readonly layout?: { readonly value: unknown; readonly site: Site | undefined };
}

declare const fields: unique symbol;

/** A view that names the fields `C`. */
export interface View<out C extends string> {
  readonly [fields]?: C;
}

export interface ViewChain<C extends string> extends View<C> {
  columns<const F extends string>(fields: readonly F[]): ViewChain<C | F>;
  filters<const F extends string>(fields: readonly F[]): ViewChain<C | F>;
  layout(layout: Layout): ViewChain<C>;
}

export interface Layout {
  readonly kind: "tabs";
  readonly tabs: readonly string[];
}

/** @example list: view().columns(["number", "status"]).filters(["status"]) */
export function view(): ViewChain<never> {
  const nothing = { fields: [], site: undefined };
  return chain({ kind: "view", site: captureSite(), columns: nothing, filters: nothing }) as never;
}

/** A layout of tabs, by their titles: `view().layout(tabs("Details", "Timeline"))`. */
export const tabs = (...titles: readonly string[]): Layout => ({ kind: "tabs", tabs: titles });

function chain(view: ViewDeclaration): object {
  return declared(view, {
    columns: (fields: readonly string[]) => chain({ ...view, columns: { fields, site: captureSite() } }),
    filters: (fields: readonly string[]) => chain({ ...view, filters: { fields, site: captureSite() } }),
    layout: (value: unknown) => chain({ ...view, layout: { value, site: captureSite() } }),
  });
}
