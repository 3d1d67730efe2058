import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { callAll } from "../../lib/engine/call_all.ts";
import type { Calls } from "../../lib/engine/calls.ts";
import { addressOf } from "../../lib/engine/cluster.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needs, needsIpv6 } from "../support/needs.ts";
import { freeAddresses } from "../support/workers.ts";

const AGREED = { declaration: "d1" };

/** Lets all workers of a cluster meet, inside of this process. */
async function meet(count: number, host?: string): Promise<Calls[]> {
  const addresses = freeAddresses(count, host);
  return await Promise.all(
    addresses.map((_, rank) => callAll({ addresses, rank }, AGREED, 10)),
  );
}

function dispose(calls: readonly Calls[]): void {
  for (const one of calls) one[Symbol.dispose]();
}

/** What a worker's failure says. */
async function failureOf(calls: Promise<Calls>): Promise<readonly [number, string]> {
  const { exit, message } = await assertRejects(() => calls, Failure);
  return [exit, message];
}

await needs(["net"], "callAll: what each worker sends comes to all, in order", async () => {
  const calls = await meet(3);
  for (const length of [0, 1, 200_000]) {
    const sent = calls.map((_, rank) => new Uint8Array(length).fill(rank + 1));
    const gathered = await Promise.all(calls.map((one, rank) => one.gather(sent[rank])));
    for (const one of gathered) assertEquals(one, sent);
  }
  assertEquals(calls.map(({ lost }) => lost.aborted), [false, false, false]);
  dispose(calls);
});

await needsIpv6(["net"], "callAll: workers meet over IPv6", async () => {
  const calls = await meet(2, "[::1]");
  const gathered = await Promise.all(calls.map((one, rank) => one.gather(Uint8Array.of(rank))));
  for (const one of gathered) assertEquals(one, [Uint8Array.of(0), Uint8Array.of(1)]);
  dispose(calls);
});

await needs(
  ["net"],
  "callAll: a worker that ends without leaving is lost; one that has left is missed only where its data are awaited",
  async () => {
    const [first, second] = await meet(2);
    await second.leave();
    dispose([second]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert(!first.lost.aborted);
    dispose([first]);

    const [missing, leaving] = await meet(2);
    const missed = missing.gather(new Uint8Array());
    await leaving.leave();
    dispose([leaving]);
    await assertRejects(() => missed, Failure, "has ended");
    assert(!missing.lost.aborted);
    dispose([missing]);

    const [staying, ending] = await meet(2);
    const waiting = staying.gather(new Uint8Array());
    dispose([ending]);
    const { exit, message } = await assertRejects(() => waiting, Failure);
    assertEquals(exit, 1);
    assert(
      message.startsWith("worker 1 (127.0.0.1:") && message.includes(") has ended: "),
      message,
    );
    assertEquals(staying.lost.reason.message, message);
    await assertRejects(() => staying.gather(new Uint8Array()), Failure, "has ended");
    dispose([staying]);
  },
);

await needs(["net"], "callAll: workers that do not agree are refused on both sides", async () => {
  const addresses = freeAddresses(2);
  const failures = await Promise.all(
    ["d1", "d2"].map((declaration, rank) =>
      failureOf(callAll({ addresses, rank }, { declaration, precision: "float32" }, 10))
    ),
  );
  assertEquals(failures, [
    [2, `worker 1 (${addresses[1]}) has another declaration: d2, but this one's is d1`],
    [2, `worker 0 (${addresses[0]}) has another declaration: d1, but this one's is d2`],
  ]);
});

await needs(["net"], "callAll: workers of other clusters are refused on both sides", async () => {
  const [one, two, three] = freeAddresses(3);
  const [first, second] = await Promise.all([
    failureOf(callAll({ addresses: [one, two], rank: 0 }, AGREED, 10)),
    failureOf(callAll({ addresses: [one, two, three], rank: 1 }, AGREED, 10)),
  ]);
  assertEquals(first, [
    2,
    `a worker has another cluster: its workers are ${one},${two},${three}, but this one's are ${one},${two}`,
  ]);
  assertEquals(second, [
    2,
    `a worker has another cluster: its workers are ${one},${two}, but this one's are ${one},${two},${three}`,
  ]);
});

await needs(["net"], "callAll: a port that is taken is named", async () => {
  const [own, other] = freeAddresses(2);
  using _owner = Deno.listen({ hostname: "0.0.0.0", port: addressOf(own).port });
  assertEquals(await failureOf(callAll({ addresses: [own, other], rank: 0 }, AGREED, 10)), [
    1,
    `${own}: this port is taken: end its owner, or use another one`,
  ]);
});

Deno.test({
  name: "callAll: a port on which it may not listen is named in one line",
  permissions: { net: false },
  async fn() {
    const [exit, message] = await failureOf(
      callAll({ addresses: ["127.0.0.1:80", "127.0.0.1:81"], rank: 0 }, AGREED, 10),
    );
    assertEquals(exit, 1);
    assertMatch(
      message,
      /^127\.0\.0\.1:80: cannot listen here: .*: use another port, at least 1024$/,
    );
  },
});

await needs(["net"], "callAll: workers that do not come are named", async () => {
  const addresses = freeAddresses(3);
  const failures = await Promise.all(
    [0, 2].map((rank) => failureOf(callAll({ addresses, rank }, AGREED, 0.5))),
  );
  for (const failure of failures) {
    assertEquals(failure, [
      1,
      `worker 1 (${
        addresses[1]
      }) did not come within 0.5 s: start every worker, and check the addresses in --cluster`,
    ]);
  }
});

await needs(["net"], "callAll: a stranger's call does no harm", async () => {
  const addresses = freeAddresses(2);
  const first = callAll({ addresses, rank: 0 }, AGREED, 10);
  using stranger = await Deno.connect(addressOf(addresses[0]));
  await stranger.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  const second = callAll({ addresses, rank: 1 }, AGREED, 10);
  dispose(await Promise.all([first, second]));
});
