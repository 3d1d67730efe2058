import { assertEquals, assertThrows } from "@std/assert";
import { addressOf, clusterOf } from "../../lib/engine/cluster.ts";
import { Failure } from "../../lib/values/failure.ts";

const config = (cluster: unknown, type = "worker", index = 0) =>
  JSON.stringify({ cluster, task: { type, index } });

Deno.test("clusterOf: flags come before TF_CONFIG", () => {
  assertEquals(clusterOf({}, undefined), undefined);
  const flags = { cluster: "a:1, b:2", rank: 1 };
  const expected = { addresses: ["a:1", "b:2"], rank: 1 };
  assertEquals(clusterOf(flags, undefined), expected);
  assertEquals(clusterOf(flags, "not read"), expected);
  assertEquals(clusterOf({ cluster: "a:1", rank: 0 }, undefined), undefined);
});

Deno.test("clusterOf: TF_CONFIG has workers, and a chief before them", () => {
  const worker = ["a:1", "b:2"];
  assertEquals(clusterOf({}, config({ worker }, "worker", 1)), { addresses: worker, rank: 1 });
  const chief = { chief: ["c:3"], worker };
  const addresses = ["c:3", "a:1", "b:2"];
  assertEquals(clusterOf({}, config(chief, "chief")), { addresses, rank: 0 });
  assertEquals(clusterOf({}, config(chief, "worker", 1)), { addresses, rank: 2 });
  assertEquals(clusterOf({}, config({ worker: ["a:1"] })), undefined);
  assertEquals(clusterOf({}, "{}"), undefined);
  assertEquals(clusterOf({ "sync-norm": true }, config({ worker }))?.rank, 0);
  assertEquals(clusterOf({}, ""), undefined);
});

Deno.test("clusterOf: says what is wrong", () => {
  const worker = ["a:1", "b:2"];
  const cases: readonly (readonly [Parameters<typeof clusterOf>, string])[] = [
    [[{ rank: 1 }, undefined], "--rank needs --cluster host:port,host:port"],
    [
      [{ "sync-norm": true }, undefined],
      "--sync-norm needs --cluster host:port,host:port, or TF_CONFIG",
    ],
    [[{ cluster: "a:1,b:2" }, undefined], "--cluster needs --rank, from 0 to 1"],
    [[{ cluster: "a:1,b:2", rank: 2 }, undefined], "--rank 2: the workers have the numbers 0 to 1"],
    [[{ cluster: "a:1,b", rank: 0 }, undefined], '--cluster: "b" is no address; write host:port'],
    [
      [{ cluster: "a:1,b:99999", rank: 0 }, undefined],
      '--cluster: "b:99999" is no address; write host:port',
    ],
    [[{ cluster: "a:1,a:1", rank: 0 }, undefined], "--cluster: a:1 is there twice"],
    [[{}, config({ worker }, "worker", 2)], "TF_CONFIG: task.index is 2, but cluster.worker has 2"],
    [
      [{}, config({ worker }, "ps")],
      'TF_CONFIG: task.type has to be "worker" or "chief", not "ps"',
    ],
    [
      [{}, JSON.stringify({ cluster: { worker } })],
      "TF_CONFIG: task is missing: it has to say this worker's type and index",
    ],
    [
      [{}, config({ worker: "a:1" })],
      'TF_CONFIG: cluster.worker has to be a list, not "a:1"',
    ],
  ];
  for (const [given, message] of cases) {
    const failure = assertThrows(() => clusterOf(...given), Failure);
    assertEquals([failure.exit, failure.message], [2, message]);
  }
  const { exit } = assertThrows(() => clusterOf({}, "{"), Failure, "TF_CONFIG: not JSON: ");
  assertEquals(exit, 2);
});

Deno.test("addressOf: splits names, IPv4 and IPv6", () => {
  assertEquals(addressOf("gpu1.lab:5000"), { hostname: "gpu1.lab", port: 5000 });
  assertEquals(addressOf("10.0.0.1:5000"), { hostname: "10.0.0.1", port: 5000 });
  assertEquals(addressOf("[::1]:5000"), { hostname: "::1", port: 5000 });
});
