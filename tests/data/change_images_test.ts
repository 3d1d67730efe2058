import { assertEquals, assertNotEquals } from "@std/assert";
import { cropAndFlip } from "../../lib/data/bytes/crop_and_flip.ts";
import { changeImages } from "../../lib/data/change_images.ts";
import { applyPolicy } from "../../lib/data/policy.ts";
import { randAugment } from "../../lib/data/rand_augment.ts";
import { stream } from "../../lib/values/random.ts";

const [height, width] = [6, 5];
const bytes = height * width * 3;
const pixels = Uint8Array.from({ length: 2 * bytes }, (_, i) => (i * 7919) >> 4 & 255);
const fill = [1, 2, 3] as const;
const policy = randAugment({ n: 3, probability: 1 });
const strong = { crop: 2, flip: true, policy };
const request = { pixels, height, width, fill, seed: 5 };

Deno.test("changeImages: each picture of an image in turn, cropped, mirrored, then its policy's", () => {
  const out = changeImages({
    ...request,
    pictures: [{ crop: 2, flip: true }, strong],
    names: ["3/8", "3/9"],
  });
  assertEquals(out.length, 4 * bytes);
  for (const [i, name] of ["3/8", "3/9"].entries()) {
    const own = pixels.slice(i * bytes, (i + 1) * bytes);
    const [plain, changed] = [2 * i, 2 * i + 1].map((at) =>
      out.slice(at * bytes, (at + 1) * bytes)
    );
    assertEquals(plain, own, "the step changes a picture without a policy");
    const random = stream(5, `policy/1/${name}`);
    const image = { height, width, data: own };
    const { data } = applyPolicy(cropAndFlip(image, 2, true, random), policy, fill, random);
    assertEquals(changed, data);
  }
});

Deno.test("changeImages: other pictures, names and seeds draw otherwise", () => {
  const of = (seed: number, name: string) =>
    changeImages({
      ...request,
      pixels: pixels.slice(0, bytes),
      pictures: [strong, strong],
      seed,
      names: [name],
    });
  const out = of(5, "1/0");
  assertEquals(of(5, "1/0"), out);
  assertNotEquals(out.slice(0, bytes), out.slice(bytes));
  assertNotEquals(of(6, "1/0"), out);
  assertNotEquals(of(5, "1/0/1"), out);
});
