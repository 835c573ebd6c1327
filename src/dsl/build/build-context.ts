/** What the stages of a build share. */
import type { Entity, Field, SourceMap, System } from "../../model/index.ts";
import type { EntityDeclaration } from "../entity.ts";
import type { FieldDeclaration } from "../field.ts";
import type { EnvironmentValue } from "../setting.ts";
import type { Site } from "../site.ts";
import { order, type Report } from "./report.ts";

/** An entity on its way into the IR. */
export interface EntityDraft {
  readonly declaration: EntityDeclaration;
  /** Filled stage by stage. */
  readonly entity: Entity;
  /** The declared fields that are understood, by name. */
  readonly declared: Map<string, DeclaredField>;
  /** Fields that were declared but could not be understood: nothing more is said about them. */
  readonly broken: Set<string>;
}

export interface DeclaredField {
  readonly field: Field;
  readonly declaration: FieldDeclaration;
}

export class BuildContext {
  readonly report: Report;
  readonly system: System;
  readonly drafts = new Map<string, EntityDraft>();
  /** Entities that were declared but could not be understood. */
  readonly brokenEntities = new Set<string>();
  /** Claims that were declared but could not be understood. */
  readonly brokenClaims = new Set<string>();
  /** By variable: secrets that stand in for it during development. Beside the model, which is stored and read in production. */
  readonly developmentSecrets = new Map<string, string>();
  private readonly sites = new Map<string, { readonly site: Site; readonly word: string | undefined }>();

  constructor(report: Report, system: System) {
    this.report = report;
    this.system = system;
  }

  /** Remembers where a node of the IR was written. */
  locate(path: string, site: Site | undefined, word?: string): void {
    if (site !== undefined) this.sites.set(path, { site, word });
  }

  /** Where a node of the IR was written. */
  siteOf(path: string): Site | undefined {
    return this.sites.get(path)?.site;
  }

  sourceMap(): SourceMap {
    const { positions } = this.report;
    const sites = [...this.sites].sort(([a], [b]) => order(a, b));
    return Object.fromEntries(
      sites.map(([path, { site, word }]) => [
        path,
        word === undefined ? positions.at(site) : positions.ofWord(site, word),
      ]),
    );
  }

  /**
   * The variable that holds a secret, of `env("NAME")`; what it says for development is remembered.
   *
   * @returns undefined for anything else
   */
  secretVariable(secret: unknown): string | undefined {
    const { kind, name, development } = (
      typeof secret === "object" && secret !== null ? secret : {}
    ) as Partial<EnvironmentValue>;
    if (kind !== "env" || typeof name !== "string" || !/^[A-Z][A-Z0-9_]*$/.test(name)) return undefined;
    if (typeof development === "string" && development !== "") this.developmentSecrets.set(name, development);
    return name;
  }

  /** The names of the entities that there are. */
  entityNames(): string[] {
    return [...this.drafts.keys()];
  }
}
