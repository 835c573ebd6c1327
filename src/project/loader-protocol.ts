/** What the loader's thread is given and what it posts back. */
import type { Diagnostic } from "../errors/diagnostic.ts";
import type { SourceMap, System } from "../model/index.ts";
import type { ProjectConfig } from "./config-schema.ts";

export interface LoaderInput {
  readonly folder: string;
  /** Only the config is wanted: what the other files hold may be broken. */
  readonly configOnly: boolean;
}

/** A model as its files say it, ready to be compiled. */
export interface LoadedModel {
  readonly config: ProjectConfig;
  readonly system: System;
  readonly sourceMap: SourceMap;
  /** The text of the project's `generated.d.ts`. */
  readonly declarations: string;
  /** By variable: secrets that webhooks and requests sign with during development, and never elsewhere. */
  readonly developmentSecrets: ReadonlyMap<string, string>;
  /** What is odd in the files and no error. */
  readonly warnings: readonly Diagnostic[];
}

export type LoaderMessage =
  /** Begun with a file, or with another stage. */
  | { readonly kind: "progress"; readonly doing: string; readonly file?: string }
  | { readonly kind: "loaded"; readonly model: LoadedModel }
  | { readonly kind: "config"; readonly config: ProjectConfig }
  | { readonly kind: "failed"; readonly diagnostics: readonly Diagnostic[] };
