/** Which effects a process may have (`uses`), and which its nodes really have. */
import { nearest } from "../errors/nearest.ts";
import type { ProcessUses } from "./process-file.ts";
import type { Path, ProcessSource } from "./process-source.ts";

type Kind = "databases" | "queues" | "services" | "http";
const KINDS = ["databases", "queues", "services", "http"] as const;
/** Kinds of which the names alone are listed, and what each of them is called. */
const NAMED = { workflows: "workflow", signals: "signal", tasks: "task" } as const;

export class EffectUse {
  private readonly source: ProcessSource;
  private readonly declared: ProcessUses;
  private readonly used = new Set<string>();

  constructor(source: ProcessSource, declared: ProcessUses) {
    this.source = source;
    this.declared = declared;
  }

  /**
   * Reports an effect that is not declared.
   *
   * @param otherwise declared effects that this one is a part of: who may write may read
   * @param any the name under which any is allowed
   */
  require(
    kind: Kind,
    name: string,
    effect: string,
    path: Path,
    otherwise: readonly string[] = [],
    any: string = name,
  ): void {
    const allowed = this.listed(kind, name);
    for (const listed of [name, any]) {
      const found = [effect, ...otherwise].find((each) => this.listed(kind, listed).includes(each));
      if (found === undefined) continue;
      this.used.add(`${kind} ${listed} ${found}`);
      return;
    }
    const names = Object.keys(this.declared[kind] ?? {});
    const near = allowed.length > 0 ? nearest(effect, allowed) : nearest(name, names);
    const meant = near === undefined ? "" : `uses lists "${near}": did you mean that? `;
    this.source.report(
      "EJS2540",
      `${path.slice(1).join(".")}: uses does not list ${kind}.${name}: "${effect}".`,
      path,
      {
        hint: `${meant}Add it: "uses": {"${kind}": {"${name}": ${JSON.stringify([...allowed, effect].sort())}}}.`,
      },
    );
  }

  /** Reports a workflow, signal or task that is not listed. */
  requireNamed(kind: keyof typeof NAMED, name: string, path: Path): void {
    const listed = this.declared[kind] ?? [];
    this.used.add(`${kind} ${name}`);
    if (listed.includes(name)) return;
    const near = nearest(name, listed);
    const meant = near === undefined ? "" : `uses lists "${near}": did you mean that? `;
    const message = `${path.slice(1).join(".")}: uses does not list the ${NAMED[kind]} "${name}".`;
    this.source.report("EJS2540", message, path, {
      hint: `${meant}Add it: "uses": {"${kind}": ${JSON.stringify([...listed, name].sort())}}.`,
    });
  }

  private listed(kind: Kind, name: string): readonly string[] {
    const names: Readonly<Record<string, readonly string[]>> = this.declared[kind] ?? {};
    return Object.hasOwn(names, name) ? (names[name] ?? []) : [];
  }

  /** Warns of what is declared and never used. */
  warn(): void {
    const unused = (path: Path, what: string) =>
      this.source.report("EJS2541", `uses lists ${what}, and no node needs it.`, ["uses", ...path], {
        severity: "warning",
      });
    for (const kind of KINDS) {
      for (const [name, effects] of Object.entries(this.declared[kind] ?? {})) {
        effects.forEach((effect, i) => {
          if (!this.used.has(`${kind} ${name} ${effect}`)) unused([kind, name, i], `${kind}.${name}: "${effect}"`);
        });
      }
    }
    for (const kind of Object.keys(NAMED) as (keyof typeof NAMED)[]) {
      this.declared[kind]?.forEach((name, i) => {
        if (!this.used.has(`${kind} ${name}`)) unused([kind, i], `the ${NAMED[kind]} "${name}"`);
      });
    }
  }
}
