import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { openTree } from "../../../datasets/files/tree.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { needs } from "../../support/needs.ts";
import { inTemporary } from "../../support/temporary.ts";
import { writeFiles } from "../../support/write_files.ts";
import { zipFile } from "../../support/zip_file.ts";

const byte = Uint8Array.of(1);

const namesOf = async (path: string, folder = "train"): Promise<string[]> => {
  const tree = await openTree(path, "train");
  try {
    return tree.names(folder).filter((name) => !name.endsWith("/")).sort();
  } finally {
    tree.close();
  }
};

for (const form of ["zip", "directory"] as const) {
  await needs(
    ["read", "write"],
    `tree: the files that systems add to a ${form} are not there`,
    () =>
      inTemporary(async (folder) => {
        const added = [
          "__MACOSX/train/cat/._1.png",
          ".DS_Store",
          "train/.DS_Store",
          "train/cat/._1.png",
          "train/cat/Thumbs.db",
          "train/desktop.ini",
          "train/@eaDir/cat/1.png",
          "train/cat/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg",
          "train/__MACOSX/cat/1.png",
        ];
        const own = ["train/cat/1.png", "train/cat/.hidden.png", "train/thumbs/1.png"];
        const files = Object.fromEntries([...added, ...own].map((name) => [name, byte]));
        writeFiles(`${folder}/set`, files, form);
        assertEquals(await namesOf(`${folder}/set`), own.toSorted());
      }),
  );

  await needs(
    ["read", "write"],
    `tree: one folder around all of a ${form} is passed over, unless it is what is meant`,
    () =>
      inTemporary(async (folder) => {
        const write = (name: string, ...names: string[]) => {
          const files = Object.fromEntries(names.map((name) => [name, byte]));
          writeFiles(`${folder}/${name}`, files, form);
          return `${folder}/${name}`;
        };
        const around = write("a", "set/train/cat/1.png", "__MACOSX/set/._train", ".DS_Store");
        assertEquals(await namesOf(around), ["train/cat/1.png"]);
        const tree = await openTree(around, "train");
        assertEquals(await tree.read("train/cat/1.png"), byte);
        assertEquals(await tree.head("train/cat/1.png", 5), byte);
        tree.close();
        assertEquals(await namesOf(write("b", "train/train/1.png")), ["train/train/1.png"]);
        for (const two of [write("c", "set/train/1.png", "more/1.png"), write("d", "x/y/1.png")]) {
          await assertRejects(() => namesOf(two), Failure, "has no folder train, only ");
        }
      }),
  );
}

await needs(
  ["read", "write"],
  "tree: a zip whose names are no UTF-8 has a note about it",
  () =>
    inTemporary(async (folder) => {
      const name = Uint8Array.of(...new TextEncoder().encode("train/B"), 0x84, 0x72, 0x2f, 0x31);
      Deno.writeFileSync(`${folder}/set.zip`, zipFile([{ name }, { name: "train/cat/1" }]));
      const tree = await openTree(`${folder}/set`, "train");
      assertEquals(tree.names("train"), ["train/Bär/1", "train/cat/1"]);
      assertEquals(tree.note?.includes('code page 437, as "train/Bär/1"'), true, tree.note);
      tree.close();
    }),
);

await needs(
  ["read", "write"],
  "tree: links are followed, but not round and round or nowhere",
  () =>
    inTemporary(async (folder) => {
      const set = `${folder}/set`;
      writeFiles(set, { "train/cat/1.png": byte }, "directory");
      writeFiles(`${folder}/dogs`, { "deep/1.png": byte }, "directory");
      Deno.symlinkSync(`${folder}/dogs`, `${set}/train/dog`);
      Deno.symlinkSync(`${folder}/dogs/deep/1.png`, `${set}/train/cat/2.png`);
      assertEquals(await namesOf(set), [
        "train/cat/1.png",
        "train/cat/2.png",
        "train/dog/deep/1.png",
      ]);
      const assertRefused = async (target: string, link: string, reason: string) => {
        Deno.symlinkSync(target, link);
        const failure = await assertRejects(() => namesOf(set), Failure, reason);
        assertEquals(failure.exit, 3);
        Deno.removeSync(link);
      };
      await assertRefused(
        `${set}/train`,
        `${set}/train/cat/up`,
        "cat/up is a link to a folder that",
      );
      await assertRefused(set, `${set}/train/cat/top`, "is a link to a folder that it lies in");
      await assertRefused(`${set}/train`, `${folder}/dogs/back`, "dog/back is a link to a folder");
      await assertRefused(
        `${folder}/none`,
        `${set}/train/emu`,
        "train/emu is a link that leads nowhere",
      );
    }),
);

await needs(
  ["read", "write", "run"],
  "tree: a folder that is missing or cannot be listed is named",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/set`, { "train/cat": byte, "train/dog/1": byte }, "directory");
      const tree = await openTree(`${folder}/set`, "train");
      assertThrows(() => tree.names("test"), Failure, "set has no folder test, only train: ");
      await new Deno.Command("mkfifo", { args: [`${folder}/set/train/dog/2.png`] }).output();
      assertThrows(() => tree.names("train"), Failure, "dog/2.png is neither a file nor a folder");
      assertThrows(() => tree.names("train/cat"), Failure, `cannot read ${folder}/set/train/cat`);
      await assertRejects(() => tree.head("train/none", 9), Failure, "there is no");
      await assertRejects(() => openTree(`${folder}/none`, "train"), Failure, "there is no");
    }),
);

await needs(
  ["read", "write"],
  "tree: a file's stamp lasts from two seconds after it was written, and is never the same before",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/set`, { "train/cat/1.png": byte }, "directory");
      const tree = await openTree(`${folder}/set`, "train");
      const stamp = () => tree.look("train/cat/1.png").stamp;
      assertNotEquals(stamp(), stamp());
      await delay(2_100);
      const lasting = stamp();
      assertEquals(stamp(), lasting);
      Deno.writeFileSync(`${folder}/set/train/cat/1.png`, byte);
      assertNotEquals(stamp(), lasting);
      tree.close();
    }),
);
