/**
 * Looks names up that must lead to public addresses. Not by the system's own function, as Node does otherwise: that one holds one of four
 * threads until name servers have answered, which every other look-up and each file of this process shares, and whoever names a URL
 * chooses the name servers that it waits for. c-ares holds no thread and gives up after some seconds.
 *
 * What it gives is what is connected to: nobody asks a second time and may be told something else.
 */
import { Resolver } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { NonRetryableError } from "../dsl/non-retryable-error.ts";
import { addressesFromHosts } from "./hosts-file.ts";
import { isPrivateAddress } from "./private-address.ts";

/**
 * How long a name server is waited for at most, in milliseconds, and how often it is asked: some five seconds in all. c-ares waits
 * for shorter where it mostly answers soon; it has found by the next question what it was slow to find.
 */
const PATIENCE = { timeout: 3_000, tries: 4, maxTimeout: 6_000 };
/** How long name servers count that the system has named, in milliseconds. */
const REMEMBERED = 10_000;

interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

export const privateAddress = (host: string, address: string) =>
  new NonRetryableError(
    `${host} is at the private address ${address}: name it in privateHosts where this is meant to be asked`,
  );

/**
 * A look-up that refuses a name where any of its addresses is private.
 *
 * @param servers name servers in place of the system's
 */
export function lookupPublic(servers?: readonly string[]): LookupFunction {
  let known: { readonly at: number; readonly resolver: Resolver } | undefined;
  // The system's may be other ones after a while, and a resolver keeps those that it began with.
  const resolver = () => {
    if (known === undefined || performance.now() - known.at > REMEMBERED) {
      known = { at: performance.now(), resolver: new Resolver(PATIENCE) };
      if (servers !== undefined) known.resolver.setServers(servers);
    }
    return known.resolver;
  };
  return (host, options, callback) => {
    addressesOf(host, resolver).then(
      (addresses) => {
        const wanted = addresses.filter(({ family }) => isWanted(options.family, family));
        const refused = addresses.find(({ address }) => isPrivateAddress(address));
        const [first] = wanted;
        if (refused !== undefined || first === undefined) {
          callback(privateAddress(host, refused?.address ?? "nowhere"), "", 0);
        } else if (options.all) callback(null, wanted);
        else callback(null, first.address, first.family);
      },
      callback as (error: NodeJS.ErrnoException) => void,
    );
  };
}

/** The look-up of what leaves this process. */
export const publicLookup: LookupFunction = lookupPublic();

const isWanted = (wanted: number | string | undefined, family: 4 | 6): boolean =>
  wanted === undefined || wanted === 0 || wanted === family || wanted === `IPv${family}`;

/** Those of version 4 first: where the machine has no way to one, the next is tried at once. */
async function addressesOf(host: string, resolver: () => Resolver): Promise<readonly Address[]> {
  const own = addressesFromHosts(host.toLowerCase().replace(/\.$/, ""));
  if (own.length > 0) return own.map((address) => ({ address, family: isIP(address) as 4 | 6 }));
  const asked = resolver();
  const [four, six] = await Promise.allSettled([
    resolved((done) => asked.resolve4(host, done), 4),
    resolved((done) => asked.resolve6(host, done), 6),
  ]);
  const found = [four, six].flatMap((each) => (each.status === "fulfilled" ? each.value : []));
  if (found.length > 0) return found;
  const reasons = [four, six].flatMap((each) =>
    each.status === "rejected" ? [each.reason as NodeJS.ErrnoException] : [],
  );
  if (reasons.some(({ code }) => code === "ENOTFOUND")) throw unknownName(host);
  // A name that has addresses of no kind says so twice.
  throw reasons.find(({ code }) => code !== "ENODATA") ?? reasons[0] ?? privateAddress(host, "nowhere");
}

/** The system would have looked further, in the domains that it completes names with: those are a private network's. */
const unknownName = (host: string): Error =>
  Object.assign(
    new Error(`no name server knows ${host} (ENOTFOUND); one of a private network is to be named in privateHosts`),
    { code: "ENOTFOUND" },
  );

type Done = (error: NodeJS.ErrnoException | null, addresses: string[]) => void;

const resolved = (ask: (done: Done) => void, family: 4 | 6): Promise<readonly Address[]> =>
  new Promise((resolve, reject) => {
    ask((error, addresses) => {
      if (error === null) resolve(addresses.map((address) => ({ address, family })));
      else reject(error);
    });
  });
