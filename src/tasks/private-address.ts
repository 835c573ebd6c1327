/** Addresses that a request on behalf of somebody's data must not reach: this machine, this network, a cloud's metadata. */
import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";

/** What is not the public internet, as IANA's registries of special addresses say (RFC 6890 and its successors). */
const SPECIAL_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
/** Everything of IPv6 is refused but global unicast, and within that what leads elsewhere. */
const GLOBAL_UNICAST = "2000::/3";
const SPECIAL_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const listOf = (networks: readonly string[], family: "ipv4" | "ipv6"): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits = ""] = network.split("/");
    list.addSubnet(address, Number(bits), family);
  }
  return list;
};
const specialIpv4 = listOf(SPECIAL_IPV4, "ipv4");
const specialIpv6 = listOf(SPECIAL_IPV6, "ipv6");
const globalUnicast = listOf([GLOBAL_UNICAST], "ipv6");

/**
 * Whether an address is anything but a public one. What is no address counts as private.
 *
 * @example isPrivateAddress("::ffff:10.0.0.1") // true
 */
export function isPrivateAddress(address: string): boolean {
  if (isIPv4(address)) return specialIpv4.check(address, "ipv4");
  if (!isIPv6(address)) return true;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isPrivateAddress(mapped);
  return !globalUnicast.check(address, "ipv6") || specialIpv6.check(address, "ipv6");
}

/** A URL's host without the brackets of an IPv6 address. */
export const bareHost = (host: string): string => host.replace(/^\[(.*)\]$/, "$1");

/** Whether a host is an address and no name. */
export const isAddress = (host: string): boolean => isIP(bareHost(host)) !== 0;
