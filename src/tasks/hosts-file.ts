/** Names that the machine itself knows: its hosts file, and localhost. */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";

const file =
  process.platform === "win32"
    ? join(process.env.SystemRoot ?? "C:\\Windows", "System32", "drivers", "etc", "hosts")
    : "/etc/hosts";

/** How long it counts for what it was, in milliseconds. */
const REMEMBERED = 5_000;

let known: { readonly at: number; readonly names: ReadonlyMap<string, readonly string[]> } | undefined;

/** The addresses of a name, in lower case and without a full stop at its end; none where the machine does not know it. */
export function addressesFromHosts(name: string): readonly string[] {
  if (known === undefined || performance.now() - known.at > REMEMBERED) {
    known = { at: performance.now(), names: namesOf(read()) };
  }
  const found = known.names.get(name) ?? [];
  // Whatever name servers say of it (RFC 6761).
  return found.length === 0 && /(^|\.)localhost$/.test(name) ? ["127.0.0.1", "::1"] : found;
}

/** One that is not there, or not to be read, has no names. */
function read(): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** @param text lines of an address and its names: `127.0.0.1 localhost # a comment` */
export function namesOf(text: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...of] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of of) {
      const key = name.toLowerCase();
      names.set(key, [...(names.get(key) ?? []), address]);
    }
  }
  return names;
}
