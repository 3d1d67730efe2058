import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { autoAugment } from "../../lib/data/auto_augment.ts";
import { colourJitter } from "../../lib/data/colour_jitter.ts";
import { fixMatchAugment } from "../../lib/data/fix_match_augment.ts";
import { applyPolicy, type Policy } from "../../lib/data/policy.ts";
import { randAugment } from "../../lib/data/rand_augment.ts";
import { type Stream, stream } from "../../lib/values/random.ts";

const noise = stream(1, "image");
const image = {
  width: 12,
  height: 10,
  data: Uint8Array.from({ length: 360 }, () => noise.below(200)),
};
const fill = [124, 116, 104] as const;

const apply = (policy: Policy, random: Stream = stream(1, "policy")) =>
  applyPolicy(image, policy, fill, random);

const POLICIES: readonly Policy[] = [
  randAugment(),
  randAugment({ increasing: false, interpolation: "nearest" }),
  autoAugment(),
  autoAugment({ pairs: "v0", deviation: 0.5 }),
  colourJitter(),
  fixMatchAugment(),
];

for (const policy of POLICIES) {
  const { id, ...options } = policy;
  Deno.test(`policy: ${id} ${JSON.stringify(options)} is a function of the stream, and keeps the image`, () => {
    const before = image.data.slice();
    const drawn = Array.from({ length: 40 }, (_, i) => apply(policy, stream(1, `${i}`)));
    const again = Array.from({ length: 40 }, (_, i) => apply(policy, stream(1, `${i}`)));
    assertEquals(drawn, again);
    assertEquals(image.data, before);
    assert(new Set(drawn.map(({ data }) => data.join())).size > 8);
    for (const { width, height, data } of drawn) {
      assertEquals([width, height, data.length], [12, 10, 360]);
    }
  });
}

Deno.test("policy: nothing is applied at probability 0, and everything at 1", () => {
  for (let i = 0; i < 20; i++) {
    assertEquals(apply(randAugment({ probability: 0 }), stream(1, `${i}`)), image);
  }
  const all = Array.from(
    { length: 60 },
    (_, i) => apply(randAugment({ n: 1, probability: 1 }), stream(1, `${i}`)).data.join(),
  );
  const unchanged = all.filter((one) => one === image.data.join()).length;
  // Only equalising may change nothing.
  assert(unchanged < 15, `${unchanged}`);
});

Deno.test("policy: a magnitude is drawn around its mean and cut to 0 … 10", () => {
  // Both choose an op, apply it, draw a normal number and a direction.
  const chosen = (index: number, deviation: number): Stream => ({
    ...stream(1, "other"),
    below: () => index,
    uniform: () => 0.25,
    normal: () => deviation,
  });
  const solarizeAdd = 6;
  const pixel = (policy: Policy, deviation: number) => {
    const { data } = apply(policy, chosen(solarizeAdd, deviation));
    return data[image.data.findIndex((value) => value < 10)] -
      image.data[image.data.findIndex((value) => value < 10)];
  };
  const one = (deviation: number) => randAugment({ n: 1, deviation });
  assertEquals(pixel(one(0.5), 0), 99);
  assertEquals(pixel(one(0.5), 1), 104);
  assertEquals(pixel(one(0.5), 9), 110);
  assertEquals(pixel(one(0), 9), 99);
  assertEquals(pixel(one(9), -9), 0);
});

Deno.test("policy: colour jitter leaves out a change without a range", () => {
  const none = { brightness: 0, contrast: 0, color: 0 };
  assertEquals(apply(colourJitter(none)), image);
  const { data } = apply(colourJitter({ ...none, brightness: 1 }));
  const factors = Array.from(data, (value, i) => value / image.data[i]).filter(Number.isFinite);
  assertNotEquals(Math.max(...factors), 1);
  assert(
    Array.from(data).every((value, i) =>
      Math.abs(value - Math.max(...factors) * image.data[i]) < 1.01
    ),
  );
});

Deno.test("policy: FixMatch's ends with a square of up to half of the width", () => {
  const plain = { width: 12, height: 12, data: new Uint8Array(432).fill(50) };
  let most = 0;
  for (let i = 0; i < 60; i++) {
    const { data } = applyPolicy(plain, fixMatchAugment({ n: 1 }), fill, stream(1, `${i}`));
    let inside = 0;
    for (let at = 0; at < data.length; at += 3) {
      if (data[at] === 125 && data[at + 1] === 123 && data[at + 2] === 114) inside++;
    }
    assert(inside >= 1, `${inside}`);
    most = Math.max(most, inside);
  }
  // Pillow draws both ends of a side of 6.
  assert(most > 25 && most <= 49, `${most}`);
  const bare = fixMatchAugment({ n: 1, cutout: 0 });
  assertEquals(applyPolicy(plain, bare, fill, { ...stream(1, "identity"), below: () => 5 }), plain);
});
