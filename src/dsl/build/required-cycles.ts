/** Circles of required references: each row would need another one before it, so that none could ever be inserted. */
import type { BuildContext } from "./build-context.ts";

interface Edge {
  readonly field: string;
  readonly to: string;
}

export function refuseRequiredCycles({ drafts, report }: BuildContext): void {
  const edges = new Map<string, readonly Edge[]>();
  for (const [name, { entity, declared }] of drafts) {
    edges.set(
      name,
      entity.fields.flatMap(({ name: field, type, required }) =>
        // The tenant is there before everything else; a reference of its own to what it owns is refused elsewhere.
        type.kind === "one" && required && declared.has(field) ? [{ field, to: type.entity }] : [],
      ),
    );
  }
  const reported = new Set<string>();
  for (const start of drafts.keys()) {
    const circle = shortestCircle(start, edges);
    // Each circle is told once, where its first entity stands.
    if (circle === undefined || circle.some(({ entity }) => reported.has(entity))) continue;
    for (const { entity } of circle) reported.add(entity);
    const path = [...circle.map(({ entity, field }) => `${entity}.${field}`), start].join(" → ");
    const first = circle[0];
    const site = first && drafts.get(first.entity)?.declared.get(first.field)?.declaration.site;
    report.error("EJS2126", `Required references in a circle: ${path}. No row could ever be inserted.`, {
      site,
      hint: `Take .required() away from one of them: ${circle.map(({ entity, field }) => `${entity}.${field}`).join(", ")}.`,
    });
  }
}

type Step = { readonly entity: string; readonly field: string };

/** Breadth first, so that the message names the shortest way round. */
function shortestCircle(start: string, edges: ReadonlyMap<string, readonly Edge[]>): readonly Step[] | undefined {
  const open: { readonly at: string; readonly way: readonly Step[] }[] = [{ at: start, way: [] }];
  const seen = new Set<string>();
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    for (const { field, to } of edges.get(next.at) ?? []) {
      const way = [...next.way, { entity: next.at, field }];
      if (to === start) return way;
      if (seen.has(to)) continue;
      seen.add(to);
      open.push({ at: to, way });
    }
  }
  return undefined;
}
