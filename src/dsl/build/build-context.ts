/** What the stages of a build share. */
import type { Entity, Field, SourceMap, System } from "../../model/index.ts";
import type { EntityDeclaration } from "../entity.ts";
import type { FieldDeclaration } from "../field.ts";
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

  /** The names of the entities that there are. */
  entityNames(): string[] {
    return [...this.drafts.keys()];
  }
}
