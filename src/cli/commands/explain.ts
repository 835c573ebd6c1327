/** `enginejs explain --as PERSON --can update Invoice ID`: every rule that speaks, its verdict, and what failed first. */
import type pg from "pg";
import { recordAdministration } from "../../database/record-administration.ts";
import { type SourceMap, sourceMap } from "../../model/index.ts";
import { type AdministrationOptions, administer } from "../administer.ts";
import { type AskedFor, askedFor } from "../asked-for.ts";
import { exitCode } from "../exit-code.ts";
import { printable } from "../render-diagnostics.ts";
import type { Terminal } from "../terminal.ts";

export interface ExplainOptions extends AdministrationOptions {
  readonly as: string;
  readonly can: readonly string[];
  readonly tenant?: string;
}

interface Term {
  readonly term: string;
  /** Null: unknown. */
  readonly verdict: boolean | null;
  /** The branches of a disjunction. */
  readonly any?: readonly Term[];
}

interface Line {
  readonly rule: string;
  readonly effect: string;
  readonly aspect: "touch" | "leave" | null;
  readonly verdict: boolean | null;
  readonly failed: string | null;
  readonly terms: readonly Term[];
  /** The key of the source map. */
  readonly source: string | null;
}

export async function explain(options: ExplainOptions, terminal: Terminal): Promise<number> {
  const { asked, actor, tenant, lines, places } = await administer(
    options,
    async ({ client, system, actor: actorOf }) => {
      const asked = askedFor(options.can, system);
      const { actor, tenant } = await actorOf(options);
      await recordAdministration(client, {
        kind: "impersonation",
        actor,
        tenant,
        detail: { command: "explain", can: options.can },
      });
      const { rows } = await client.query<Line>(
        `select rule, effect, aspect, verdict, failed, terms, source
       from enginejs.explain($1, $2, $3, $4, $5) order by ordinal`,
        [actor, tenant, asked.entity.name, asked.command, asked.id ?? null],
      );
      return { asked, actor, tenant, lines: rows, places: await placesOfBuild(client) };
    },
  );
  const decision = lines.at(-1);
  const rules = lines.slice(0, -1).map((line) => ({ ...line, where: placeOf(line.source, places) }));
  const { entity, command, id } = asked;
  const verdict = decision?.verdict ?? null;
  const why = decision?.failed ?? "";
  terminal.printJson({ ok: true, actor, tenant, entity: entity.name, command, id, verdict, why, rules });
  terminal.print(terminal.style("bold", `May ${printable(options.as)} ${questionOf(asked)}?`));
  terminal.print();
  for (const rule of rules) for (const line of describe(rule, terminal)) terminal.print(line);
  terminal.print();
  terminal.print(terminal.style(verdict ? "green" : verdict === null ? "yellow" : "red", printable(why)));
  return verdict ? exitCode.ok : exitCode.findings;
}

const questionOf = ({ entity, command, id }: AskedFor): string => {
  const [name = "", field] = command.split(" ", 2);
  return `${name} ${entity.name}${field === undefined ? "" : `.${field}`}${id === undefined ? "" : ` ${id}`}`;
};

type PlacedLine = Line & { readonly where: string | undefined };

/** `allow    no       the owner or billing    domain/invoice.model.ts:33`, and below it what it is made of, where it says no. */
function* describe({ rule, effect, aspect, verdict, terms, where }: PlacedLine, terminal: Terminal): Iterable<string> {
  const counts = effect === "deny" ? verdict !== true : verdict === true;
  const word = terminal.style(counts ? "green" : "red", wordOf(verdict).padEnd(7));
  const left = aspect === "leave" ? " (what is left behind)" : "";
  const place = where === undefined ? "" : `  ${terminal.style("gray", printable(where))}`;
  yield `  ${effect.padEnd(8)} ${word}  ${printable(rule)}${left}${place}`;
  const shown = verdict === true && effect !== "deny" ? [] : terms;
  for (const term of shown) yield* describeTerm(term, 1);
}

function* describeTerm({ term, verdict, any = [] }: Term, depth: number): Iterable<string> {
  yield `  ${" ".repeat(17 + depth * 2)}${wordOf(verdict).padEnd(7)}  ${printable(term)}`;
  for (const branch of any) yield* describeTerm(branch, depth + 1);
}

const wordOf = (verdict: boolean | null): string => (verdict === null ? "unknown" : String(verdict));

/** Where the rules of the newest build were written. */
async function placesOfBuild(client: pg.Client): Promise<SourceMap> {
  const { rows } = await client.query(
    "select plan -> 'sourceMap' as places from enginejs.build order by id desc limit 1",
  );
  const parsed = sourceMap.safeParse(rows[0]?.places);
  return parsed.success ? parsed.data : {};
}

function placeOf(source: string | null, places: SourceMap): string | undefined {
  const found = source !== null && Object.hasOwn(places, source) ? places[source] : undefined;
  return found && `${found.file}:${found.line}`;
}
