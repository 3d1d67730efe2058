import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encode } from "fast-png";
import { coco, type CocoOptions } from "../../datasets/coco.ts";
import { runData } from "../../lib/commands/data.ts";
import type { OpenDataset } from "../../lib/data/dataset.ts";
import { Fingerprint } from "../../lib/data/fingerprint.ts";
import { subset } from "../../lib/data/split.ts";
import { type BoxSource, readBoxLabels } from "../../lib/tasks/box_labels.ts";
import { evaluateBoxes } from "../../lib/tasks/coco_evaluation.ts";
import { detection } from "../../lib/tasks/detection.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needs, needsFile } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";
import { writeFiles } from "../support/write_files.ts";

/** A photo whose red is the column and whose green is the row, with blue 99. */
function photo(width: number, height: number): Uint8Array {
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => [Math.floor(i / 3) % width, Math.floor(i / 3 / width), 99][i % 3],
  );
  return encode({ width, height, channels: 3, data });
}

type Box = readonly [number, number, number, number];

const object = (id: number, image_id: number, category_id: number, bbox: Box, iscrowd = 0) => ({
  id,
  image_id,
  category_id,
  bbox,
  area: bbox[2] * bbox[3] / 2,
  iscrowd,
});

const image = (id: number, width: number, height: number) => ({
  id,
  file_name: `${id}.png`,
  width,
  height,
});

const categories = [{ id: 90, name: "toothbrush" }, { id: 1, name: "person" }, {
  id: 13,
  name: "stop sign",
}];

const train = {
  images: [
    image(5, 64, 48),
    image(6, 48, 64),
    image(7, 40, 40),
    image(8, 64, 32),
    image(9, 64, 64),
  ],
  categories,
  annotations: [
    object(1, 5, 13, [4, 8, 10, 10]),
    object(2, 5, 90, [-8, 40, 40, 20]),
    object(3, 5, 1, [0, 0, 50, 50], 1),
    object(4, 5, 1, [70, 10, 10, 10]),
    object(5, 6, 1, [10, 20, 20, 30]),
    object(6, 6, 1, [10, 20, 0, 30]),
    object(7, 8, 1, [0, 0, 60, 30], 1),
    object(8, 9, 1, [3, 3, 1, 40]),
  ],
};

const test = {
  images: [image(2, 64, 48), image(3, 48, 64)],
  categories,
  annotations: [object(1, 2, 1, [0, 0, 32, 24]), object(2, 2, 1, [0, 0, 60, 40], 1)],
};

function files(change: Readonly<Record<string, Uint8Array | object>> = {}) {
  const photos = (
    part: string,
    images: readonly { file_name: string; width: number; height: number }[],
  ) => images.map(({ file_name, width, height }) => [`${part}/${file_name}`, photo(width, height)]);
  const all: Readonly<Record<string, Uint8Array | object>> = {
    "annotations/instances_train2017.json": train,
    "annotations/instances_val2017.json": test,
    ...Object.fromEntries(photos("train2017", train.images)),
    ...Object.fromEntries(photos("val2017", test.images)),
    ...change,
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? value : new TextEncoder().encode(JSON.stringify(value)),
    ]),
  );
}

const small: CocoOptions = { shorter: 24, longer: 64 };

async function opened(
  folder: string,
  use: (
    opened: OpenDataset & { readonly train: BoxSource; readonly test: BoxSource },
    lines: readonly string[],
  ) => void | Promise<void>,
  options: CocoOptions = small,
): Promise<void> {
  const lines: string[] = [];
  const data = await coco(options).open(folder, (line) => lines.push(line));
  try {
    await use(data as Parameters<typeof use>[0], lines);
  } finally {
    data.close();
  }
}

Deno.test("coco: the declaration has the options, and wrong ones are refused", () => {
  const { options, task, augmentation, sizes, mix } = coco();
  assertEquals(JSON.stringify(options).includes('"shorter":800,"longer":1333'), true);
  assertEquals([task, augmentation.flip, mix], [detection, false, undefined]);
  assertEquals(sizes, { image: [800, 1344, 3], classes: 81, train: 117_266 });
  assertEquals(coco({ folder: "coco-mini" }).sizes, undefined);
  assertEquals(coco({ shorter: 250, longer: 250 }).sizes?.image, [256, 256, 3]);
  assertEquals(coco({ shorter: 100, longer: 250, square: true }).sizes?.image, [256, 256, 3]);
  const wrong: CocoOptions[] = [
    { shorter: 0 },
    { longer: 700 },
    { objects: 0 },
    { folder: "../coco" },
    { shorterInTraining: [] },
    { shorterInTraining: [640, 900] },
    { holdout: -1 },
  ];
  for (const options of wrong) {
    assertEquals(assertThrows(() => coco(options), Failure).exit, 2, JSON.stringify(options));
  }
});

await needs(
  ["read", "write"],
  "coco: photos and boxes of folders and of zips",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/coco`, files(), "directory");
      let digest: string | undefined;
      for (const form of ["folders", "zipped photos", "one zip"]) {
        if (form === "zipped photos") {
          for (const part of ["train2017", "val2017"]) {
            const own = Object.entries(files()).filter(([name]) => name.startsWith(part));
            Deno.removeSync(`${folder}/coco/${part}`, { recursive: true });
            writeFiles(`${folder}/coco/${part}`, Object.fromEntries(own), "zip");
          }
        }
        if (form === "one zip") {
          Deno.removeSync(`${folder}/coco`, { recursive: true });
          writeFiles(`${folder}/coco`, files(), "zip", "coco/");
        }
        await opened(folder, async ({ classes, image, train, test }, lines) => {
          assertEquals(classes, ["background", "person", "stop sign", "toothbrush"]);
          assertEquals(image, [32, 64, 3]);
          assertEquals([train.size, test.size], [2, 2]);
          assertEquals(lines.map((line) => line.replace(/.*: (.*:.*)$/, "$1")), [
            "2 training boxes have no area inside of their photo: left out",
            "3 training photos have nothing to learn: left out",
          ]);
          // The largest object: the toothbrush, whose left and lower parts are outside.
          assertEquals([[...train.labels], [...test.labels]], [[3, 1], [1, 0]]);
          assertEquals([...train.padded!.shapeOf], [0, 1]);
          assertEquals([...train.padded!.sizes], [24, 32, 32, 24]);
          const labels = readBoxLabels(train, Int32Array.of(0, 1));
          assertEquals(labels.labelBoxes.shape, [2, 100, 4]);
          assertEquals([...labels.labelBoxes.data.subarray(0, 12)], [
            ...[0, 20, 16, 24],
            ...[2, 4, 7, 9],
            ...[0, 0, 0, 0],
          ]);
          assertEquals([...labels.labelClasses.data.subarray(0, 3)], [3, 2, 0]);
          assertEquals([...labels.labelCount.data, ...labels.labelImage.data], [2, 1, 5, 6]);
          assertEquals([...labels.labelSize.data], [24, 32, 32, 24]);
          assertEquals([...labels.labelPhoto.data], [48, 64, 64, 48]);
          assertEquals(readBoxLabels(subset(train, [1]), Int32Array.of(0)).labelImage.data[0], 6);
          const pixels = await train.read([0]);
          assertEquals(pixels.length, 32 * 64 * 3);
          // Half size: between columns 2 and 3, rows 4 and 5. Right of it and below is the canvas.
          assertEquals([...pixels.subarray((2 * 64 + 1) * 3, (2 * 64 + 1) * 3 + 3)], [3, 5, 99]);
          assertEquals([...pixels.subarray((2 * 64 + 32) * 3, (2 * 64 + 33) * 3)], [0, 0, 0]);
          assertEquals(new Set(pixels.subarray(24 * 64 * 3)), new Set([0]));
          const facts = await new Fingerprint(
            { classes, image, train, test, close() {} },
            detection,
          )
            .digest();
          assertEquals(digest ??= facts, facts, form);
        });
      }
    }),
);

await needs(
  ["read", "write"],
  "coco: a mirrored photo has mirrored boxes, by the draw alone",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/coco`, files(), "directory");
      await opened(folder, async ({ train }) => {
        const seen = new Set<boolean>();
        for (let epoch = 1; epoch <= 12; epoch++) {
          const draw = { seed: 1, epoch };
          const [pixels, again] = [await train.read([0], draw), await train.read([0], draw)];
          assertEquals(pixels, again);
          const { labelBoxes, labelSize } = readBoxLabels(train, Int32Array.of(0), draw);
          const isMirrored = pixels[0] > pixels[31 * 3];
          seen.add(isMirrored);
          const [left, , right] = labelBoxes.data;
          assertEquals([left, right], isMirrored ? [16, 32] : [0, 16]);
          assertEquals([...labelSize.data], [24, 32]);
          assertEquals([...pixels.subarray(32 * 3, 33 * 3)], [0, 0, 0]);
        }
        assertEquals(seen.size, 2);
      });
      await opened(folder, async ({ train }) => {
        const sizes = new Set<number>();
        for (let epoch = 1; epoch <= 20; epoch++) {
          const draw = { seed: 1, epoch };
          const { labelSize: { data: [height, width] }, labelBoxes } = readBoxLabels(
            train,
            Int32Array.of(0),
            draw,
          );
          sizes.add(height);
          assertAlmostEquals(labelBoxes.data[2], width / 2, 1e-5);
          const pixels = await train.read([0], draw);
          assertEquals([pixels[(width - 1) * 3 + 2], pixels[width * 3 + 2]], [99, 0]);
        }
        assertEquals(sizes, new Set([12, 18, 24]));
      }, { ...small, scaling: "detectron2", mirror: false, shorterInTraining: [12, 18, 24] });
    }),
);

await needs(
  ["read", "write"],
  "coco: an evaluation looks for everything, in the photos' pixels",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/coco`, files(), "directory");
      await opened(folder, ({ test, train }) => {
        const found = { image_id: 2, category_id: 1, bbox: [0, 0, 32, 24], score: 0.5 } as const;
        assertAlmostEquals(evaluateBoxes(test.instances, [found]).stats.AP, 1, 1e-12);
        assertEquals([...train.instances.annotations].map(({ id }) => id), [1, 2, 3, 4, 5, 6]);
      });
      await opened(folder, ({ train }) => {
        const { labelBoxes, labelClasses, labelCount } = readBoxLabels(train, Int32Array.of(0));
        assertEquals([labelBoxes.shape, [...labelClasses.data], labelCount.data[0]], [[1, 1, 4], [
          3,
        ], 1]);
      }, { ...small, objects: 1 });
    }),
);

await needs(
  ["read", "write"],
  "coco: what is missing or broken is one failure",
  () =>
    inTemporary(async (folder) => {
      const failure = async (change: Readonly<Record<string, Uint8Array | object>>) => {
        await Deno.remove(`${folder}/coco`, { recursive: true }).catch(() => {});
        writeFiles(`${folder}/coco`, files(change), "directory");
        const { exit, message } = await assertRejects(
          () => opened(folder, async ({ train }) => void await train.read([0])),
          Failure,
        );
        assertEquals(exit, 3);
        return message.replaceAll(folder, "");
      };
      const listed = { ...train, images: [...train.images, image(77, 9, 9)] };
      assertEquals(
        (await failure({ "annotations/instances_train2017.json": listed })).split(";")[0],
        "/coco: train2017 lacks a photo of 6 that annotations/instances_train2017.json lists, such as 77.png: unpack train2017.zip again",
      );
      const renamed = { ...test, categories: [...categories.slice(1), { id: 90, name: "brush" }] };
      assertEquals(
        (await failure({ "annotations/instances_val2017.json": renamed })).split(";")[0],
        "/coco: category 90 toothbrush is not the same in training and validation: both files have to list the same categories",
      );
      const crowds = { ...test, annotations: [test.annotations[1]] };
      assertEquals(
        (await failure({ "annotations/instances_val2017.json": crowds })).split(";")[0],
        "/coco: annotations/instances_val2017.json has no object to find: label the photos, or move some of training's there",
      );
      assertEquals(
        await failure({ "train2017/5.png": photo(48, 64) }),
        "/coco: train2017/5.png is broken (it has 48 × 64 pixels, not 64 × 48; " +
          "its EXIF orientation may turn it: save it upright): replace it or remove it",
      );
      const text = new TextEncoder().encode(JSON.stringify(train).slice(0, 300));
      const cut = await failure({ "annotations/instances_train2017.json": text });
      assertEquals(
        cut.startsWith("/coco/annotations/instances_train2017.json: it is no JSON"),
        true,
      );
      await Deno.remove(`${folder}/coco`, { recursive: true });
      await assertRejects(() => opened(folder, () => {}), Failure, "expected: COCO 2017's files");
    }),
);

const data = new URL("../../../shared/data/", import.meta.url);

await needsFile(
  "coco: 160 real photos, surveyed",
  new URL("coco-mini.zip", data),
  "160 photos of COCO 2017 in the original layout, of the repositories Obmutescence/COCO-MINI and lizhogn/tiny_coco_dataset",
  async () => {
    const options = { folder: "coco-mini", shorter: 96, longer: 128 };
    await opened(data.pathname, ({ classes, train, test }) => {
      assertEquals([classes.length, train.size, test.size], [81, 77, 83]);
      assertEquals(classes[80], "toothbrush");
      const all = Int32Array.from({ length: 77 }, (_, i) => i);
      const { labelBoxes, labelCount, labelSize } = readBoxLabels(train, all);
      all.forEach((i) => {
        const [height, width] = labelSize.data.subarray(2 * i);
        for (let k = 0; k < labelCount.data[i]; k++) {
          const [left, top, right, bottom] = labelBoxes.data.subarray((i * 100 + k) * 4);
          assertEquals(left >= 0 && left < right && right <= width, true);
          assertEquals(top >= 0 && top < bottom && bottom <= height, true);
        }
      });
      const truths = [...test.instances.annotations].filter(({ iscrowd }) => iscrowd === 0);
      const found = truths.map((one) => ({ ...one, score: 1 }));
      assertAlmostEquals(evaluateBoxes(test.instances, found).stats.AP50, 1, 1e-9);
    }, options);
    await inTemporary(async (folder) => {
      Deno.symlinkSync(new URL("coco-mini.zip", data), `${folder}/coco.zip`);
      const lines: string[] = [];
      const args = ["coco", "--data", folder, "--limit", "6"];
      assertEquals(await runData(args, (line) => lines.push(line)), 0);
      assertEquals(lines.join("\n").includes("81: background, person, bicycle"), true);
    });
  },
);
