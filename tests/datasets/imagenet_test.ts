import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { encode } from "fast-png";
import { type CentreCut, cutOut } from "../../datasets/images/cut.ts";
import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";
import { imagenet, type ImagenetOptions } from "../../datasets/imagenet.ts";
import { Failure } from "../../lib/values/failure.ts";
import { canonical } from "../../lib/values/json.ts";
import { randAugment } from "../../lib/data/rand_augment.ts";
import { subset } from "../../lib/data/split.ts";
import { needs } from "../support/needs.ts";
import { writeFiles } from "../support/write_files.ts";
import { inTemporary } from "../support/temporary.ts";

const pattern = (grey: number, width: number, height: number): ByteImage => ({
  width,
  height,
  data: Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => grey + 40 * (i % 3) + Math.floor(i / 3) % width * 3 + (i / 3 / width << 1),
  ),
});

const file = (image: ByteImage): Uint8Array => encode({ ...image, channels: 3 });

const first = pattern(10, 40, 30);
const second = pattern(20, 24, 50);
const tested = pattern(30, 33, 47);

const CENTRE: CentreCut = { kind: "centre", size: 12, shorter: 14, interpolation: "bicubic" };

/** The usual layout of ImageNet, a folder per class. */
const originals = (): Record<string, Uint8Array> => ({
  "train/n02/n02_1.JPEG": file(pattern(50, 30, 30)),
  "train/n01/n01_9.JPEG": file(second),
  "train/n01/n01_10.JPEG": file(first),
  "val/n01/ILSVRC2012_val_00000002.JPEG": file(tested),
  "val/n02/ILSVRC2012_val_00000001.JPEG": file(pattern(60, 16, 16)),
});

const small: ImagenetOptions = { size: 12, shorter: 14 };

Deno.test("imagenet: the declaration has the options, with the usual recipe as default", () => {
  assertEquals(
    canonical(imagenet().options),
    '{"area":[0.08,1],"crop":0,"flip":true,"folder":"imagenet","holdout":0,"mean":[0.485,0.456,0.406],' +
      '"ratio":[0.75,1.3333333333333333],"shorter":256,"size":224,"std":[0.229,0.224,0.225]}',
  );
  assertEquals(imagenet({ brightness: 0.4 }).augmentation, {
    crop: 0,
    flip: true,
    brightness: 0.4,
  });
  for (
    const wrong of [
      { size: 0 },
      { shorter: 200 },
      { folder: "/data/imagenet" },
      { area: [0, 1] },
      { area: [0.5, 1.5] },
      { ratio: [2, 1] },
      { ratio: [1, Infinity] },
      { brightness: -0.1 },
    ] satisfies ImagenetOptions[]
  ) {
    assertEquals(assertThrows(() => imagenet(wrong), Failure, Object.keys(wrong)[0]).exit, 2);
  }
});

for (const form of ["zip", "directory"] as const) {
  await needs(
    ["read", "write"],
    `imagenet: a ${form} has random parts for training and the centre for tests`,
    () =>
      inTemporary(async (folder) => {
        writeFiles(`${folder}/imagenet`, originals(), form, "imagenet/");
        const { classes, image, train, test, close } = await imagenet(small).open(folder);
        const bytes = 12 * 12 * 3;
        assertEquals([classes, image], [["n01", "n02"], [12, 12, 3]]);
        assertEquals([[...train.labels], [...test.labels]], [[0, 0, 1], [0, 1]]);
        const middle = { kind: "centre", size: 12, shorter: 14 } as const;
        assertEquals((await test.read([1, 0])).subarray(bytes), cutOut(tested, middle));
        // Without a draw, as for the hold-out, training images are cut like test images.
        assertEquals(await train.read([0]), cutOut(first, middle));

        const draw = { seed: 5, epoch: 2 };
        const pixels = await train.read([0, 1, 2], draw);
        const part = {
          kind: "random",
          size: 12,
          area: [0.08, 1],
          ratio: [3 / 4, 4 / 3],
          seed: 5,
        } as const;
        assertEquals(pixels.subarray(0, bytes), cutOut(first, { ...part, stream: "part/2/0" }));
        assertEquals(
          pixels.subarray(bytes, 2 * bytes),
          cutOut(second, { ...part, stream: "part/2/1" }),
        );
        // An image's random numbers do not depend on the batch, the order or the split.
        assertEquals(await train.read([1], draw), pixels.subarray(bytes, 2 * bytes));
        assertEquals(
          (await train.read([2, 1, 0, 1], draw)).subarray(2 * bytes, 3 * bytes),
          pixels.subarray(0, bytes),
        );
        assertEquals(
          await subset(train, [2, 1]).read([1], draw),
          pixels.subarray(bytes, 2 * bytes),
        );
        for (const other of [{ seed: 5, epoch: 3 }, { seed: 6, epoch: 2 }]) {
          assertNotEquals(await train.read([0, 1, 2], other), pixels);
        }
        close();
      }),
  );

  await needs(
    ["read", "write"],
    `imagenet: a failure names missing or broken files of a ${form}`,
    () =>
      inTemporary(async (parent) => {
        const assertFailure = async (run: () => Promise<unknown>, ...parts: string[]) => {
          const failure = await assertRejects(run, Failure);
          assertEquals(failure.exit, 3);
          for (const part of parts) {
            assertEquals(failure.message.includes(part), true, failure.message);
          }
        };
        const opened = (change: (files: Record<string, Uint8Array>) => void) => {
          const folder = Deno.makeTempDirSync({ dir: parent });
          const files = originals();
          change(files);
          writeFiles(`${folder}/imagenet`, files, form, "imagenet/");
          return imagenet(small).open(folder);
        };
        const layout = ["ILSVRC2012", "train/<wnid>", "val/<wnid>"];
        await assertFailure(
          () => imagenet().open(parent),
          `there is no ${parent}/imagenet`,
          "--data DIR",
          ...layout,
        );
        const gone = "val/n01/ILSVRC2012_val_00000002.JPEG";
        await assertFailure(
          () => opened((files) => delete files[gone]),
          "no class n01 below val",
          ...layout,
        );
        await assertFailure(
          () =>
            opened((files) => {
              for (
                const name of Object.keys(files).filter((name) => name.startsWith("val/"))
              ) {
                files[`val/${name.split("/")[2]}`] = files[name];
                delete files[name];
              }
            }),
          "no folders of classes below val",
          ...layout,
        );
        await assertFailure(
          () =>
            opened((files) => {
              for (
                const name of Object.keys(files).filter((name) => name.startsWith("train/"))
              ) delete files[name];
            }),
          "train",
          ...layout,
        );
        const { train, close } = await opened((files) =>
          files["train/n01/n01_9.JPEG"] = file(second).slice(0, 80)
        );
        await assertFailure(
          () => train.read([0, 1, 2], { seed: 1, epoch: 1 }),
          "train/n01/n01_9.JPEG is broken",
          "replace it",
        );
        assertEquals((await train.read([0, 2])).length, 2 * 12 * 12 * 3);
        close();
      }),
  );
}

await needs(
  ["read", "write"],
  "imagenet: images are not cached, so a second read is from the disk",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/imagenet`, originals(), "directory");
      const { train, test, close } = await imagenet(small).open(folder);
      const before = [await train.read([0]), await test.read([0])];
      writeFiles(`${folder}/imagenet`, {
        "train/n01/n01_10.JPEG": file(tested),
        "val/n01/ILSVRC2012_val_00000002.JPEG": file(first),
      }, "directory");
      assertEquals([await test.read([0]), await train.read([0])], before);
      Deno.removeSync(`${folder}/imagenet/train/n01/n01_10.JPEG`);
      await assertRejects(
        () => train.read([0]),
        Failure,
        `${folder}/imagenet/train/n01/n01_10.JPEG`,
      );
      close();
    }),
);

await needs(
  ["read", "write"],
  "imagenet: a repeated image shows another part, before its policy, and scaling may be bicubic",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/imagenet`, originals(), "directory");
      const cubic: ImagenetOptions = { ...small, interpolation: "bicubic" };
      const changed: ImagenetOptions = { ...cubic, policy: randAugment({ n: 1, probability: 0 }) };
      const [plain, bicubic, policy] = [
        await imagenet({ ...small, repeats: 2 }).open(folder),
        await imagenet(cubic).open(folder),
        await imagenet({ ...changed, flip: false }).open(folder),
      ];
      try {
        const draw = { seed: 1, epoch: 1 };
        const bytes = 12 * 12 * 3;
        const twice = await plain.train.read([0, 0], { ...draw, repeats: Uint32Array.of(0, 1) });
        assertEquals(twice.slice(0, bytes), await plain.train.read([0], draw));
        assertNotEquals(twice.slice(bytes), twice.slice(0, bytes));
        const pixels = await bicubic.train.read([0], draw);
        assertNotEquals(pixels, twice.slice(0, bytes));
        assertEquals(await policy.train.read([0], draw), pixels);
        assertEquals(
          await bicubic.test.read([0]),
          cutOut(tested, CENTRE),
        );
        assertEquals(
          imagenet(cubic).resize,
          "scaled to 14 pixels on the shorter side (bicubic, with antialiasing), then cut to the middle",
        );
      } finally {
        for (const one of [plain, bicubic, policy]) one.close();
      }
    }),
);
