/** Names of the outside: what they lead to is checked, and name servers that never answer hold nobody up. */
import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { namesOf } from "../../src/tasks/hosts-file.ts";
import { lookupPublic } from "../../src/tasks/public-lookup.ts";
import { NameServer } from "./support/name-server.ts";

const SIX = "2606:4700:0000:0000:0000:0000:0000:0001";
let server: NameServer;
let find: ReturnType<typeof lookupPublic>;
beforeAll(async () => {
  server = await NameServer.start({
    "both.example": ["93.184.216.34", SIX],
    "six.example": [SIX],
    "none.example": [],
    "rebinding.example": ["93.184.216.34", "10.0.0.1"],
    "inside.example": ["fd000000000000000000000000000001".replace(/(.{4})(?!$)/g, "$1:")],
    ...Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`hangs-${n}.example`, null])),
  });
  find = lookupPublic(server.servers);
});
afterAll(() => server.stop());

const addresses = (host: string, options = {}) =>
  new Promise<unknown>((resolve, reject) => {
    find(host, { all: true, ...options }, (error, found) => (error ? reject(error) : resolve(found)));
  });

describe("a name", () => {
  it("has its addresses, of version 4 first", async () => {
    const [four, six] = [{ address: "93.184.216.34", family: 4 }, { family: 6 }];
    expect(await addresses("both.example")).toMatchObject([four, six]);
    expect(await addresses("BOTH.example.")).toMatchObject([four, six]);
    expect(await addresses("both.example", { all: false })).toBe("93.184.216.34");
    expect(await addresses("both.example", { family: 6 })).toMatchObject([six]);
    expect(await addresses("six.example")).toMatchObject([six]);
  });

  it.each(["rebinding.example", "inside.example", "localhost", "some.localhost", "LOCALHOST."])(
    "%s is refused: one of its addresses is private",
    async (host) => {
      await expect(addresses(host)).rejects.toThrow(`${host} is at the private address`);
    },
  );

  it("that there is not, or that has no address, is told", async () => {
    await expect(addresses("nobody.example")).rejects.toMatchObject({
      code: "ENOTFOUND",
      message:
        "no name server knows nobody.example (ENOTFOUND); one of a private network is to be named in privateHosts",
    });
    await expect(addresses("none.example")).rejects.toMatchObject({ code: "ENODATA" });
  });
});

it("name servers that never answer hold up no other look-up and no file, and are given up", async () => {
  const hanging = Promise.allSettled(Array.from({ length: 64 }, (_, n) => addresses(`hangs-${n}.example`)));
  let over = false;
  void hanging.then(() => {
    over = true;
  });
  // All are asked for before anything else is.
  while (new Set(server.asked.filter((name) => name.startsWith("hangs"))).size < 64)
    await new Promise((resolve) => setImmediate(resolve));
  // Node has four threads for these: the system's own look-ups would hold all of them.
  await Promise.all([readFile(import.meta.filename), lookup("localhost"), addresses("both.example")]);
  expect(over).toBe(false);
  const ends = await hanging;
  expect(new Set(ends.map((end) => end.status === "rejected" && end.reason.code))).toEqual(new Set(["ETIMEOUT"]));
}, 60_000);

test("the hosts file", () => {
  const text = "# a comment\n127.0.0.1 localhost Vm # another\n\n::1\tlocalhost\r\n10.0.0.5 inside\nno-address name\n";
  expect([...namesOf(text)]).toEqual([
    ["localhost", ["127.0.0.1", "::1"]],
    ["vm", ["127.0.0.1"]],
    ["inside", ["10.0.0.5"]],
  ]);
});
