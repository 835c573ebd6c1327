/** What the registry knows of a code: the page in `docs/errors.md` is made of it. */
export interface ErrorDefinition {
  /** A few words: the heading of the code in the documentation. */
  readonly title: string;
  /** When it is raised and why it is an error. */
  readonly detail: string;
  /** How to mend it. */
  readonly hint: string;
}

/** Keeps the codes of a stage as literal types, so that a misspelt code does not compile. */
export const defineErrors = <const T extends Record<`EJS${number}`, ErrorDefinition>>(definitions: T): T => definitions;
