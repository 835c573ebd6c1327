import type { ChangeImpact } from "./impact.ts";

/** What a build and the administration log remember: who gained and lost what, by what, and the consents that it took. */
export const accessRecord = (changes: readonly ChangeImpact[]) =>
  changes.map(({ entity, operation, counted, note, roles, causes }) => ({
    entity,
    operation,
    counted,
    ...(note === undefined ? {} : { note }),
    roles,
    causes: causes.map(({ verb, what, widens, consent }) => ({
      verb,
      what,
      ...(widens === undefined ? {} : { widens }),
      ...(consent === undefined ? {} : { consent }),
    })),
  }));
