import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encode } from "fast-png";
import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";
import { imageDecoder } from "../../datasets/images/image.ts";
import { tinyImagenet } from "../../datasets/tiny_imagenet.ts";
import { Failure } from "../../lib/values/failure.ts";
import { canonical } from "../../lib/values/json.ts";
import { openZip } from "../../lib/files/zip.ts";
import { needs, needsFile } from "../support/needs.ts";
import { bilinear } from "../support/bilinear.ts";
import { writeFiles } from "../support/write_files.ts";
import { inTemporary } from "../support/temporary.ts";

/** An image whose pixels encode their position. */
const pattern = (grey: number): ByteImage => ({
  width: 64,
  height: 64,
  data: Uint8Array.from(
    { length: 64 * 64 * 3 },
    (_, i) => grey + 3 * (i % 3) + Math.floor(i / 3) % 64 + (i >> 9),
  ),
});

/** A lossless file, whatever its ending: one of ImageNet's own images is a PNG. */
const file = (grey: number): Uint8Array => encode({ ...pattern(grey), channels: 3 });

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** The original layout with two classes, in an order like the original's. */
const originals = (): Record<string, Uint8Array> => ({
  "wnids.txt": text("n02\nn01\n"),
  "words.txt": text("n00\tentity\nn02\ttable lamp\nn01\tgoldfish, Carassius auratus\n"),
  "train/n02/n02_boxes.txt": text("n02_0.JPEG\t0\t0\t63\t63\n"),
  "train/n02/images/n02_0.JPEG": file(20),
  "train/n01/n01_boxes.txt": text("n01_0.JPEG\t0\t0\t63\t63\nn01_1.JPEG\t0\t0\t63\t63\n"),
  "train/n01/images/n01_1.JPEG": file(11),
  "train/n01/images/n01_0.JPEG": file(10),
  "val/val_annotations.txt": text(
    "val_1.JPEG\tn02\t0\t32\t44\t62\nval_0.JPEG\tn01\t0\t0\t63\t63\n",
  ),
  "val/images/val_0.JPEG": file(30),
  "val/images/val_1.JPEG": file(40),
  "test/images/test_0.JPEG": file(50),
});

const write = (
  folder: string,
  files: Record<string, Uint8Array>,
  form: "zip" | "directory",
): void => writeFiles(`${folder}/tiny-imagenet-200`, files, form, "tiny-imagenet-200/");

Deno.test("tinyImagenet: the declaration has the options, with SAKD's settings as defaults", () => {
  assertEquals(
    canonical(tinyImagenet().options),
    '{"crop":0,"flip":true,"folder":"tiny-imagenet-200","holdout":0,"mean":[0.4914,0.4822,0.4465],"size":64,' +
      '"std":[0.2023,0.1994,0.201]}',
  );
  const dataset = tinyImagenet({
    size: 32,
    crop: 4,
    brightness: 0.2,
    holdout: 200,
    smoothing: 0.1,
    views: { strong: { jitter: 0.4 } },
  });
  assertEquals(dataset.augmentation, { crop: 4, flip: true, brightness: 0.2 });
  assertEquals(dataset.views, { strong: { crop: 4, flip: true, brightness: 0.2, jitter: 0.4 } });
  assertEquals((dataset.options as Record<string, unknown>).smoothing, 0.1);
  assertEquals(
    canonical(tinyImagenet({ smoothing: 0 }).options),
    canonical(tinyImagenet().options),
  );
  for (
    const wrong of [{ size: 0 }, { folder: "../x" }, { brightness: 2 }, { smoothing: 1 }, {
      views: { a: { brightness: -1 } },
    }]
  ) {
    assertEquals(assertThrows(() => tinyImagenet(wrong), Failure, Object.keys(wrong)[0]).exit, 2);
  }
});

for (const form of ["zip", "directory"] as const) {
  await needs(
    ["read", "write"],
    `tinyImagenet: the original ${form} has sorted classes and the validation part as test`,
    () =>
      inTemporary(async (folder) => {
        write(folder, originals(), form);
        const { classes, image, train, test, close } = await tinyImagenet().open(folder);
        assertEquals([classes, image], [["goldfish", "table lamp"], [64, 64, 3]]);
        assertEquals([[...train.labels], [...test.labels]], [[0, 0, 1], [1, 0]]);
        for (let time = 0; time < 2; time++) {
          const bytes = await train.read([2, 0, 1, 2]);
          assertEquals([0, 1, 2, 3].map((i) => bytes[i * 12288]), [20, 10, 11, 20]);
          assertEquals(bytes.subarray(12288, 24576), pattern(10).data);
          bytes.fill(0);
        }
        const tested = await test.read([0, 1]);
        assertEquals([tested[0], tested[12288]], [40, 30]);
        close();
      }),
  );

  await needs(
    ["read", "write"],
    `tinyImagenet: a failure names missing or wrong files of a ${form}`,
    () =>
      inTemporary(async (parent) => {
        const assertFailure = async (
          change: (files: Record<string, Uint8Array>) => void,
          ...parts: string[]
        ) => {
          const folder = Deno.makeTempDirSync({ dir: parent });
          const files = originals();
          change(files);
          write(folder, files, form);
          const failure = await assertRejects(() => tinyImagenet().open(folder), Failure);
          assertEquals(failure.exit, 3);
          for (const part of [`${folder}/tiny-imagenet-200`, "CS231n", ...parts]) {
            assertEquals(failure.message.includes(part), true, failure.message);
          }
        };
        await assertFailure((files) => delete files["wnids.txt"], "wnids.txt");
        await assertFailure((files) => files["wnids.txt"] = text("\n"), "wnids.txt is empty");
        await assertFailure((files) => delete files["words.txt"], "words.txt");
        await assertFailure(
          (files) => files["words.txt"] = text("n01\tgoldfish\n"),
          "words.txt has no line for n02",
        );
        await assertFailure(
          (files) => files["wnids.txt"] = text("n02\nn01\nn00\n"),
          "there is no train/n00",
        );
        await assertFailure(
          (files) => files["wnids.txt"] = text("n01\n"),
          "train/n02 is not a class of wnids.txt",
        );
        await assertFailure(
          (files) => delete files["train/n02/images/n02_0.JPEG"],
          "class n02 has no image below train",
        );
        await assertFailure(
          (files) => delete files["val/val_annotations.txt"],
          "val_annotations.txt",
        );
        await assertFailure(
          (files) => delete files["val/images/val_1.JPEG"],
          "there is no val/images/val_1.JPEG",
        );
        await assertFailure(
          (files) => files["val/images/val_2.JPEG"] = file(1),
          "no line for val/images/val_2.JPEG",
        );
        await assertFailure(
          (files) => files["val/val_annotations.txt"] = text("val_0.JPEG\tn05\n"),
          "val/val_annotations.txt gives val_0.JPEG the class n05",
        );
        await assertFailure(
          (files) => files["val/val_annotations.txt"] = text("val_0.JPEG\tn01\nval_0.JPEG\tn01\n"),
          "val/images/val_0.JPEG, or it is twice",
        );
      }),
  );
}

await needs(
  ["read", "write"],
  "tinyImagenet: a failure names missing files and broken images",
  () =>
    inTemporary(async (folder) => {
      const assertFailure = async (run: () => Promise<unknown>, ...parts: string[]) => {
        const failure = await assertRejects(run, Failure);
        assertEquals(failure.exit, 3);
        for (const part of parts) {
          assertEquals(failure.message.includes(part), true, failure.message);
        }
      };
      const open = () => tinyImagenet().open(folder);
      await assertFailure(
        open,
        `there is no ${folder}/tiny-imagenet-200`,
        "--data DIR",
        "tiny-imagenet-200.zip",
        "CS231n",
      );
      write(folder, { ...originals(), "val/images/val_0.JPEG": file(1).slice(0, 90) }, "zip");
      const { train, test, close } = await open();
      await assertFailure(
        () => test.read([0, 1]),
        `${folder}/tiny-imagenet-200.zip: val/images/val_0.JPEG is broken`,
      );
      assertEquals((await train.read([0]))[0], 10);
      close();
      const zip = `${folder}/tiny-imagenet-200.zip`;
      Deno.truncateSync(zip, Deno.statSync(zip).size - 30);
      await assertFailure(open, zip, "no zip file", "CS231n");
    }),
);

const data = new URL("../../../shared/data/", import.meta.url);
const subset = "tiny-imagenet-200-subset.zip";

await needsFile(
  "tinyImagenet: a part of the real images, at their own size and at 32 × 32",
  new URL(subset, data),
  "the first 50 training and 10 validation images of each class in the original layout, of the repository seshuad/IMagenet",
  async () => {
    const full = await tinyImagenet({ folder: subset }).open(data.pathname);
    const half = await tinyImagenet({ folder: subset.slice(0, -4), size: 32, take: 400 }).open(
      data.pathname,
    );
    assertEquals([full.classes.length, new Set(full.classes).size, full.image], [200, 200, [
      64,
      64,
      3,
    ]]);
    assertEquals([full.classes[0], full.classes[199]], ["goldfish", "acorn"]);
    assertEquals([full.train.size, full.test.size, half.train.size], [10_000, 2000, 400]);
    for (let label = 0; label < 200; label++) {
      const count = (labels: Int32Array) => labels.filter((one) => one === label).length;
      assertEquals([full.train, full.test, half.train].map(({ labels }) => count(labels)), [
        50,
        10,
        2,
      ]);
    }
    // The first annotated image and its class, decoded without the data set.
    const zip = openZip(new URL(subset, data).pathname);
    const decode = await imageDecoder();
    const [first] = new TextDecoder().decode(zip.read("tiny-imagenet-200/val/val_annotations.txt"))
      .split("\n");
    const [name, wnid] = first.split("\t");
    const image = decode(zip.read(`tiny-imagenet-200/val/images/${name}`));
    const sorted = new TextDecoder().decode(zip.read("tiny-imagenet-200/wnids.txt")).trim().split(
      "\n",
    ).sort();
    assertEquals(sorted[full.test.labels[0]], wnid);
    assertEquals(await full.test.read([0]), image.data);
    const scaled = await half.test.read([0]);
    for (
      const [x, y, c] of [[0, 0, 0], [31, 31, 2], [17, 5, 1], [3, 29, 0], [20, 11, 2]] as const
    ) {
      assertAlmostEquals(scaled[(y * 32 + x) * 3 + c], bilinear(image, [32, 32], [x, y, c]), 1);
    }
    // Some files are grey.
    assertEquals(
      (await full.train.read(Array.from({ length: 64 }, (_, i) => i * 150))).length,
      64 * 12288,
    );
    zip.close();
    half.close();
    full.close();
  },
);
