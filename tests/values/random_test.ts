import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { hashName, philox, stream } from "../../lib/values/random.ts";

Deno.test("philox: matches the test vectors of Philox4x32-10's authors", () => {
  const block = (counter: number[], key: number[]) => [...philox(counter, key, new Uint32Array(4))];
  const ones = 0xffffffff;
  assertEquals(block([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  assertEquals(block([ones, ones, ones, ones], [ones, ones]), [
    0x408f276d,
    0x41c83b0e,
    0xa20bc7c6,
    0x6d5451fd,
  ]);
  assertEquals(
    block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

Deno.test("hashName: computes FNV-1a", () => {
  assertEquals(hashName(""), 0x811c9dc5);
  assertEquals(hashName("a"), 0xe40c292c);
  assertEquals(hashName("foobar"), 0xbf9cf968);
});

Deno.test("stream: repeats for the same seed and name, and differs for any other", () => {
  const start = (seed: number, name: string) => {
    const random = stream(seed, name);
    return [random.uniform(), random.uniform(), random.normal()];
  };
  assertEquals(start(1, "a"), start(1, "a"));
  for (const [seed, name] of [[1, "b"], [2, "a"], [1 + 2 ** 32, "a"]] as const) {
    assertNotEquals(start(seed, name), start(1, "a"), `${seed} ${name}`);
  }
});

Deno.test("stream: normal numbers have mean 0 and variance 1, uniform ones fill [0, 1)", () => {
  const random = stream(1, "moments");
  const n = 20000;
  const normal = Array.from({ length: n }, () => random.normal());
  assertAlmostEquals(normal.reduce((sum, x) => sum + x) / n, 0, 0.03);
  assertAlmostEquals(normal.reduce((sum, x) => sum + x * x) / n, 1, 0.05);
  const uniform = Array.from({ length: n }, () => random.uniform());
  assert(uniform.every((x) => x >= 0 && x < 1));
  assertAlmostEquals(uniform.reduce((sum, x) => sum + x) / n, 0.5, 0.01);
});

Deno.test("permutation: has every number once, at every place with the same probability", () => {
  const random = stream(1, "permutation");
  const order = random.permutation(1000);
  assertEquals([...order].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, i) => i));
  const first = new Array(4).fill(0);
  for (let i = 0; i < 4000; i++) first[random.permutation(4)[0]]++;
  for (const count of first) assertAlmostEquals(count, 1000, 150);
  assertEquals([...random.permutation(0)], []);
});
