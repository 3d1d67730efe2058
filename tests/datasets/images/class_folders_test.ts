import { assertEquals, assertThrows } from "@std/assert";
import { classFolders, imagesByClass } from "../../../datasets/images/class_folders.ts";
import type { Tree } from "../../../datasets/files/tree.ts";
import { Failure } from "../../../lib/values/failure.ts";

/** A tree of empty files. */
const treeOf = (...names: string[]): Tree => ({
  path: "set",
  names: (folder) => names.filter((name) => name.startsWith(`${folder}/`)),
  read: () => Promise.resolve(new Uint8Array()),
  async *parts() {},
  head: () => Promise.resolve(new Uint8Array()),
  look: () => ({ size: 0 }),
  checksum: () => Promise.resolve(0),
  close() {},
});

const open = (...names: string[]) => {
  const lines: string[] = [];
  const folders = classFolders(treeOf(...names), "train", "test", (line) => lines.push(line));
  return { ...folders, lines };
};

const refused = (...names: string[]): string => {
  const { exit, message } = assertThrows(() => open(...names), Failure);
  assertEquals(exit, 3);
  return message;
};

Deno.test("class folders: images of all formats are read, and what is left out is said once", () => {
  const { train, lines } = open(
    ...["1.png", "2.JPG", "3.jpeg", "4.jfif", "5.webp", "6.BMP", "7.tif", "8.tiff", "9.pgm"].map(
      (name) => `train/cat/${name}`,
    ),
    ...["a.gif", "b.GIF", "c.txt", ".d.png", "e"].map((name) => `train/cat/${name}`),
    "train/f.png",
    "train/.cache/g.png",
    "test/cat/1.png",
    "test/cat/h.avif",
  );
  assertEquals(train.names.length, 9);
  assertEquals(lines, [
    "set: 8 files are left out, no images of a class that are read: 2 .gif, 2 hidden, 1 .txt, 1 without an ending, 1 .png, 1 .avif",
    "set: images that are neither JPEG nor PNG: 1 .jfif, 1 .webp, 1 .bmp, 1 .tif, 1 .tiff, 1 .pgm",
  ]);
  assertEquals(open("train/cat/1.png", "test/cat/1.jpeg").lines, []);
});

Deno.test("class folders: a class in two Unicode forms is one, but not within one folder", () => {
  const [composed, apart] = ["é", "é".normalize("NFD")];
  const { classes, train, test } = open(`train/${apart}/1.png`, `test/${composed}/1.png`);
  assertEquals([classes, train.names, test.names], [
    [composed],
    [`train/${apart}/1.png`],
    [`test/${composed}/1.png`],
  ]);
  assertEquals(
    refused(`train/${apart}/1.png`, `train/${composed}/1.png`, `test/${composed}/1.png`),
    "set: train has two folders é, their letters in two Unicode forms: rename or merge them",
  );
});

Deno.test("class folders: files have one order in both Unicode forms", () => {
  for (const form of ["NFC", "NFD"]) {
    const names = ["caff", "cafz", "café"].map((name) => name.normalize(form));
    const files = names.toReversed().map((name) => `train/a/${name}.png`);
    const { train } = open(...files, "test/a/1.png");
    assertEquals(train.names, names.map((name) => `train/a/${name}.png`));
  }
});

Deno.test("class folders: classes have the order of Python, also beyond 16 bits", () => {
  const names = ["-f", "a", "a b", "ab", "b", "é", "ﬁsh", "😀", "😀a"];
  const files = names.toReversed().flatMap((name) => [`train/${name}/1.png`, `test/${name}/1.png`]);
  assertEquals(open(...files).classes, names);
});

Deno.test("class folders: a class that train or test lacks is named, and one that looks like it", () => {
  assertEquals(
    refused("train/cat/1.png", "train/dog/1.png", "test/cat/1.png"),
    "set: there is no class dog below test: each class has to have images to train on and to test on",
  );
  assertEquals(
    refused("train/cat/1.png", "test/cat/1.png", "test/dog/1.png", "test/emu/1.png"),
    "set: there is no class dog below train, nor 1 other: each class has to have images to train on and to test on",
  );
  for (const twin of ["Cat", "cat ", "ｃat"]) {
    assertEquals(
      refused("train/cat/1.png", `test/${twin}/1.png`),
      `set: there is no class cat below test, but ${JSON.stringify(twin)}: rename one of the two`,
    );
  }
});

Deno.test("class folders: an empty class is refused, with what is in it", () => {
  const image = ["train/cat/1.png", "test/cat/1.png", "test/dog/1.png"];
  assertEquals(
    refused(...image, "train/dog/"),
    "set: class dog has no image below train: add some, or remove the folder",
  );
  assertEquals(
    refused(...image, "train/dog/1.gif", "train/dog/2.gif", "train/dog/x.txt"),
    "set: class dog has no image below train, only 2 .gif, 1 .txt: add some, or remove the folder",
  );
  assertThrows(
    () => imagesByClass(treeOf("train/1.png"), "train"),
    Failure,
    "no folders of classes",
  );
});
