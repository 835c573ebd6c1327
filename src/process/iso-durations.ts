/** Lengths of time that a file says in milliseconds, as the canonical form says them: `"everyMs": 60000` is `"every": "PT1M"`. */
import type { Node } from "jsonc-parser";
import { durationText } from "./duration.ts";

/** Where the format takes milliseconds: members of the trigger, and of two of the options. */
const IN_MS: Readonly<Record<string, readonly string[]>> = {
  trigger: ["everyMs", "offsetMs", "toleranceMs"],
  rate: ["perMs"],
  debounce: ["pauseMs", "maxMs"],
};

/** A member of a process with its lengths of time as ISO 8601 writes them; the same where it has none in milliseconds. */
export function isoDurations(key: string, value: Node): Node {
  if (value.type !== "object") return value;
  if (key === "options") {
    const children = value.children?.map((member) => {
      const [name, part] = member.children ?? [];
      return name === undefined || part === undefined
        ? member
        : { ...member, children: [name, isoDurations(String(name.value), part)] };
    });
    return { ...value, ...(children === undefined ? {} : { children }) };
  }
  const names = Object.hasOwn(IN_MS, key) ? (IN_MS[key] ?? []) : [];
  const there = new Set(value.children?.map(({ children }) => children?.[0]?.value));
  const children = value.children?.map((member) => {
    const [name, part] = member.children ?? [];
    const inMs = names.find((each) => each === name?.value);
    // What is no length of time, or is said twice, is somebody's mistake and stays.
    if (name === undefined || inMs === undefined || part?.type !== "number") return member;
    const iso = inMs.slice(0, -"Ms".length);
    const text = there.has(iso) ? undefined : durationText(part.value);
    if (text === undefined || (part.value < 1 && inMs !== "offsetMs")) return member;
    return {
      ...member,
      children: [
        { ...name, value: iso },
        { ...part, type: "string" as const, value: text },
      ],
    };
  });
  return { ...value, ...(children === undefined ? {} : { children }) };
}
