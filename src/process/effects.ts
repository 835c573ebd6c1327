/** Which effects a process may have (`uses`), and which its nodes really have. */
import { nearest } from "../errors/nearest.ts";
import type { ProcessUses } from "./process-file.ts";
import type { Path, ProcessSource } from "./process-source.ts";

type Kind = "databases" | "queues" | "services";

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
   */
  require(kind: Kind, name: string, effect: string, path: Path, otherwise: readonly string[] = []): void {
    const allowed: readonly string[] = this.declared[kind]?.[name] ?? [];
    const found = [effect, ...otherwise].find((each) => allowed.includes(each));
    if (found !== undefined) {
      this.used.add(`${kind} ${name} ${found}`);
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

  requireWorkflow(name: string, path: Path): void {
    this.used.add(`workflows ${name}`);
    if (this.declared.workflows?.includes(name) === true) return;
    this.source.report("EJS2540", `${path.slice(1).join(".")}: uses does not list the workflow "${name}".`, path, {
      hint: `Add it: "uses": {"workflows": ["${name}"]}.`,
    });
  }

  /** Warns of what is declared and never used. */
  warn(): void {
    const unused = (path: Path, what: string) =>
      this.source.report("EJS2541", `uses lists ${what}, and no node needs it.`, ["uses", ...path], {
        severity: "warning",
      });
    for (const kind of ["databases", "queues", "services"] as const) {
      for (const [name, effects] of Object.entries(this.declared[kind] ?? {})) {
        effects.forEach((effect, i) => {
          if (!this.used.has(`${kind} ${name} ${effect}`)) unused([kind, name, i], `${kind}.${name}: "${effect}"`);
        });
      }
    }
    this.declared.workflows?.forEach((name, i) => {
      if (!this.used.has(`workflows ${name}`)) unused(["workflows", i], `the workflow "${name}"`);
    });
  }
}
