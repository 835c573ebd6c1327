import { rule } from "enginejs";

export const isBiller = rule("billers", ({ actor }: any) => actor.hasRole("biling"));
