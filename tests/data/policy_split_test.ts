import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { changeImages } from "../../lib/data/change_images.ts";
import type { Split } from "../../lib/data/dataset.ts";
import { policySplit } from "../../lib/data/policy_split.ts";
import { randAugment } from "../../lib/data/rand_augment.ts";
import { subset } from "../../lib/data/split.ts";
import { needs } from "../support/needs.ts";

const [height, width] = [4, 5];
const bytes = height * width * 3;
const all = Uint8Array.from({ length: 20 * bytes }, (_, i) => (i * 7919) >> 4 & 255);
const inner: Split = {
  size: 20,
  labels: new Int32Array(20),
  read: (indices) =>
    Promise.resolve(Uint8Array.from(
      Array.from(indices, (index) => [...all.subarray(index * bytes, (index + 1) * bytes)]).flat(),
    )),
};
const pictures = [{ crop: 1, flip: true, policy: randAugment() }, { crop: 1, flip: true }];
const fill = [9, 8, 7] as const;
const open = () => policySplit(inner, { image: [height, width, 3], pictures, fill });

await needs(
  ["read"],
  "policySplit: the workers' pictures are those of one thread, by image, epoch and repeat",
  async () => {
    const split = open();
    try {
      const indices = [7, 3, 19, 3, 0];
      const repeats = Uint32Array.of(0, 0, 0, 1, 0);
      const draw = { seed: 1, epoch: 2, repeats };
      const names = ["2/7", "2/3", "2/19", "2/3/1", "2/0"];
      const pixels = await inner.read(indices);
      const request = { pixels, height, width, pictures, fill, seed: 1, names };
      assertEquals(await split.read(indices, draw), changeImages(request));
      assertEquals(split.pictures, 2);
      assertEquals(await split.read(indices), pixels, "an evaluation reads them as they are");
      const alone = await split.read([19], { seed: 1, epoch: 2 });
      assertEquals(alone, changeImages(request).slice(4 * bytes, 6 * bytes));
      assertNotEquals(await split.read([19], { seed: 1, epoch: 3 }), alone);

      const part = subset(split, [5, 19]);
      assertEquals(part.pictures, 2);
      assertEquals(await part.read([1], { seed: 1, epoch: 2 }), alone, "by the image's own index");
    } finally {
      split.close();
    }
    await assertRejects(() => split.read([1], { seed: 1, epoch: 1 }), Error, "closed");
  },
);
