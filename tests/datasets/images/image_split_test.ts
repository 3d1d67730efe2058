import { assertEquals, assertRejects } from "@std/assert";
import { encode } from "fast-png";
import { decoders } from "../../../datasets/images/decoders.ts";
import { type ImageFiles, imageSplit, squareSplit } from "../../../datasets/images/image_split.ts";
import type { Tree } from "../../../datasets/files/tree.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { needs } from "../../support/needs.ts";

const png = (grey: number) =>
  encode({ width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(grey) });

/** A tree of files in memory that counts the reads of whole files. */
function memoryTree(files: Readonly<Record<string, Uint8Array>>) {
  let reads = 0;
  const tree: Tree = {
    path: "set",
    names: () => Object.keys(files),
    read: (name) => {
      reads++;
      return Promise.resolve(files[name]);
    },
    async *parts(name) {
      yield await Promise.resolve(files[name]);
    },
    head: (name, length) => Promise.resolve(files[name].slice(0, length)),
    look: () => ({ size: 0 }),
    checksum: () => Promise.resolve(0),
    close() {},
  };
  return { tree, reads: () => reads };
}

const filesOf = (files: object): ImageFiles => {
  const names = Object.keys(files);
  return { names, labels: names.map(() => 0) };
};

await needs(["read"], "image split: the check looks at the beginnings of all files", async () => {
  const images = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.png`, png(i)]));
  const workers = decoders(1);
  const split = (files: Readonly<Record<string, Uint8Array>>) => {
    const { tree, reads } = memoryTree(files);
    const cut = () => ({ kind: "square", size: 4 } as const);
    return { ...imageSplit(tree, filesOf(files), workers, 3 * 4 ** 2, cut), reads };
  };
  const sound = split(images);
  await sound.check!();
  assertEquals(sound.reads(), 0);
  const foreign = split({ ...images, "39.png": new TextEncoder().encode("GIF89a") });
  await assertRejects(
    () => foreign.check!(),
    Failure,
    "set: 39.png is broken (it begins like none",
  );
  await foreign.check!([0, 38]);
  await assertRejects(() => foreign.check!([39]), Failure, "set: 39.png is broken");
  const empty = split({ ...images, "0.png": new Uint8Array() });
  await assertRejects(() => empty.check!(), Failure, "set: 0.png is broken (it is empty)");
  workers.close();
});

await needs(["read"], "image split: with a cache, the check decodes all images, once", async () => {
  const workers = decoders(1);
  const files = { "a.png": png(1), "b.png": png(2), "c.png": png(3) };
  const { tree, reads } = memoryTree(files);
  const split = squareSplit(tree, filesOf(files), workers, 4);
  await split.read([1]);
  await split.check!();
  assertEquals((await split.read([2, 0]))[48], 1);
  assertEquals(reads(), 3);
  const cut = { ...files, "b.png": png(2).slice(0, 48) };
  const broken = squareSplit(memoryTree(cut).tree, filesOf(cut), workers, 4);
  await broken.check!([0, 2]);
  await assertRejects(() => broken.check!(), Failure, "set: b.png is broken (it is cut off)");
  workers.close();
});
