import { BlockList, isIP } from "node:net";
import { serverError } from "../request-error.ts";

/** How many proxies stand before the server, or their addresses: `["10.0.0.0/8", "::1"]`. */
export type TrustProxy = number | readonly string[];

/** Says of an address, and how many proxies were passed before it, whether what it says of others is believed. */
export type IsTrusted = (address: string, passed: number) => boolean;

/** @throws EngineError EJS5051 */
export function trustedProxies(given: TrustProxy | undefined): IsTrusted {
  if (given === undefined) return () => false;
  if (typeof given === "number") {
    if (!Number.isInteger(given) || given < 0 || given > 16) {
      throw serverError("EJS5051", `trustProxy is ${given}; the number of proxies is a whole number from 0 to 16.`);
    }
    return (_address, passed) => passed < given;
  }
  const list = new BlockList();
  for (const entry of given) addTo(list, entry);
  return (address) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function addTo(list: BlockList, entry: string): void {
  const [address = "", bits, ...more] = entry.split("/");
  const version = isIP(address);
  const widest = version === 6 ? 128 : 32;
  const length = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (version === 0 || more.length > 0 || !(length <= widest)) {
    throw serverError("EJS5051", `trustProxy: "${entry}" is no address and no network such as "10.0.0.0/8".`);
  }
  list.addSubnet(address, length, version === 6 ? "ipv6" : "ipv4");
}
