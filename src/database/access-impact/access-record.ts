import type { AccessImpact, CauseImpact } from "./impact.ts";

/** What a build and the administration log remember: who gained and lost what, by what, and the consents that it took. */
export const accessRecord = ({ changes, rights }: AccessImpact) => [
  ...changes.map(({ entity, operation, counted, note, roles, causes }) => ({
    entity,
    operation,
    counted,
    ...(note === undefined ? {} : { note }),
    roles,
    causes: causes.map(ofCause),
  })),
  ...rights.map(({ of, operation, says, gained, lost, causes }) => ({
    of,
    operation,
    says,
    gained,
    lost,
    causes: causes.map(ofCause),
  })),
];

const ofCause = ({ verb, what, widens, consent }: CauseImpact) => ({
  verb,
  what,
  ...(widens === undefined ? {} : { widens }),
  ...(consent === undefined ? {} : { consent }),
});
