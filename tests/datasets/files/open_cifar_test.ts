import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import type { CifarFiles } from "../../../datasets/files/cifar_files.ts";
import { openCifar } from "../../../datasets/files/open_cifar.ts";
import type { OpenDataset } from "../../../lib/data/dataset.ts";
import { Failure } from "../../../lib/values/failure.ts";
import {
  hundred,
  original,
  parquetOf,
  pythonVersion,
  ten,
  writeBinary,
} from "../../support/cifar.ts";
import { needs } from "../../support/needs.ts";
import { pickleOf } from "../../support/pickles.ts";
import { gzip, tar } from "../../support/tar_archive.ts";
import { inTemporary } from "../../support/temporary.ts";
import { writeFiles } from "../../support/write_files.ts";

const disk = ["read", "write"] as const;
const quiet = () => {};

/** The classes, the labels and the pixels of a data set. */
async function contentsOf({ classes, train, test }: OpenDataset) {
  const pixels = async ({ size, read }: OpenDataset["train"]) =>
    createHash("md5").update(await read(Array.from({ length: size }, (_, i) => i))).digest("hex");
  return {
    classes,
    train: [...train.labels],
    test: [...test.labels],
    pixels: [await pixels(train), await pixels(test)],
  };
}

/** The contents of the binary version. */
async function expectedOf(files: CifarFiles): Promise<Awaited<ReturnType<typeof contentsOf>>> {
  const folder = await Deno.makeTempDir();
  writeBinary(files, folder);
  const opened = await openCifar(files, folder, quiet);
  await Deno.remove(folder, { recursive: true });
  return await contentsOf(opened);
}

/** Asserts that opening fails with exit 3 and a message with all `parts`. */
async function assertFailure(files: CifarFiles, folder: string, ...parts: string[]): Promise<void> {
  const failure = await assertRejects(() => openCifar(files, folder, quiet, true), Failure);
  assertEquals(failure.exit, 3);
  for (const part of parts) assertStringIncludes(failure.message, part);
  assertEquals(failure.message.includes("\n"), false);
}

const HUB_NAMES = (files: CifarFiles) => ({
  huggingface: JSON.stringify({
    info: {
      features: {
        // The hub's own list has `cra` for `crab`.
        label: { names: files.hub.classNames.map((name) => name === "crab" ? "cra" : name) },
      },
    },
  }),
});

await needs(
  disk,
  "openCifar: the version for Python has the same contents",
  () =>
    inTemporary(async (parent) => {
      for (const files of [ten, hundred]) {
        const folder = `${parent}/${files.folder}`;
        writeFiles(folder, pythonVersion(files), "directory");
        const opened = await openCifar(files, folder, quiet, true);
        assertEquals(await contentsOf(opened), await expectedOf(files));
        assertEquals(opened.place, `${folder}/${files.python.folder}, the authors' Python version`);
      }
    }),
);

await needs(
  disk,
  "openCifar: an archive of either version is read dry and unpacked otherwise",
  () =>
    inTemporary(async (parent) => {
      const versions = [[ten, original(ten)], [ten.python, pythonVersion(ten)]] as const;
      for (const [version, contents] of versions) {
        const folder = `${parent}/${version.folder}`;
        const bytes = await gzip(tar(contents));
        writeFiles(folder, { [version.archive]: bytes }, "directory");
        const md5 = createHash("md5").update(bytes).digest("hex");
        const files = version === ten
          ? { ...ten, md5 }
          : { ...ten, python: { ...ten.python, md5 } };
        const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
        const expected = await expectedOf(ten);
        assertEquals(await contentsOf(await openCifar(files, folder, quiet, true)), expected);
        assertEquals(names(), [version.archive]);
        assertEquals(await contentsOf(await openCifar(files, folder, quiet)), expected);
        assertEquals(names(), [version.archive, version.folder].sort());
        await Deno.remove(`${folder}/${version.folder}`, { recursive: true });
        await assertFailure(ten, folder, `${folder}/${version.archive} has MD5`, "remove it");
      }
    }),
);

await needs(
  disk,
  "openCifar: parquet files are found by their path or by what is in them",
  () =>
    inTemporary(async (parent) => {
      const fine = { columns: ["img", "fine_label"] } as const;
      const plain = { columns: ["img", "label"] } as const;
      const old = { columns: ["image", "label"] } as const;
      const places = [
        [
          ten,
          "cifar10/plain_text/train-00000-of-00001",
          "cifar10/plain_text/test-00000-of-00001",
          plain,
        ],
        [ten, "cifar-10/data/train-0a", "cifar-10/data/test-0b", old],
        [ten, "uoft-cs___CIFAR_10/train/0000", "uoft-cs___CIFAR_10/test/0000", plain],
        [ten, "data/train-0", "data/test-0", { ...plain, notes: HUB_NAMES(ten) }],
        [ten, "train", "test", { ...old, notes: HUB_NAMES(ten) }],
        [hundred, "cifar100/train-00000-of-00001", "cifar100/test-00000-of-00001", fine],
        [hundred, "hub/snapshots/cifar100/train-0", "hub/snapshots/cifar100/test-0", fine],
        [hundred, "mine/train", "mine/test", fine],
        [hundred, "data/train-0", "data/test-0", { ...plain, notes: HUB_NAMES(hundred) }],
      ] as const;
      const expected = {
        [ten.folder]: await expectedOf(ten),
        [hundred.folder]: await expectedOf(hundred),
      };
      for (const [i, [files, train, test, form]] of places.entries()) {
        const folder = `${parent}/${i}`;
        const last = files.train.length;
        writeFiles(folder, {
          [`${train}.parquet`]: parquetOf(files, files.train.map((_, file) => file), form),
          [`${test}.parquet`]: parquetOf(files, [last], form),
          "other/train.parquet": new Uint8Array([1, 2, 3]),
          "notes.txt": new Uint8Array(),
        }, "directory");
        const opened = await openCifar(files, folder, quiet, true);
        assertEquals(await contentsOf(opened), expected[files.folder], train);
      }
    }),
);

await needs(
  disk,
  "openCifar: another data set's parquet files are not taken",
  () =>
    inTemporary(async (folder) => {
      const form = { columns: ["img", "label"] } as const;
      writeFiles(folder, {
        "cifar10/train-0.parquet": parquetOf(ten, [0, 1, 2, 3, 4], form),
        "cifar10/test-0.parquet": parquetOf(ten, [5], form),
        "mnist/train-0.parquet": parquetOf(ten, [0], form),
      }, "directory");
      await assertFailure(hundred, folder, "there is no", "cifar-100-binary");
      await Deno.remove(`${folder}/cifar10`, { recursive: true });
      await assertFailure(ten, folder, "there is no", "cifar-10-batches-bin");
    }),
);

await needs(
  disk,
  "openCifar: a hub's order becomes the authors', and an unknown one is reported",
  () =>
    inTemporary(async (parent) => {
      const form = { columns: ["img", "label"] } as const;
      const write = (folder: string, numbers: readonly number[]) =>
        writeFiles(`${parent}/${folder}`, {
          "cifar10/train-00000-of-00002.parquet": parquetOf(ten, numbers.slice(0, 2), form),
          "cifar10/train-00001-of-00002.parquet": parquetOf(ten, numbers.slice(2), form),
          "cifar10/test-00000-of-00001.parquet": parquetOf(ten, [5], form),
        }, "directory");
      write("hub", [3, 2, 1, 4, 0]);
      const lines: string[] = [];
      const hub = await openCifar(ten, `${parent}/hub`, (line) => lines.push(line));
      assertEquals(await contentsOf(hub), await expectedOf(ten));
      assertEquals(lines, [`${parent}/hub/cifar10: decoding 130 images`]);
      write("twice", [3, 3, 1, 4, 0]);
      await openCifar(ten, `${parent}/twice`, (line) => lines.push(line));
      assertEquals(lines.length, 3);
      assertStringIncludes(lines[2], "train images are not in the order of the authors' files");
    }),
);

await needs(
  disk,
  "openCifar: of several forms a folder comes first, then an archive",
  () =>
    inTemporary(async (folder) => {
      const form = { columns: ["img", "label"] } as const;
      writeFiles(folder, {
        ...pythonVersion(ten),
        "cifar10/train.parquet": parquetOf(ten, [0, 1, 2, 3, 4], form),
        "cifar10/test.parquet": parquetOf(ten, [5], form),
      }, "directory");
      const place = async (files = ten) => (await openCifar(files, folder, quiet, true)).place;
      assertStringIncludes(await place() ?? "", ten.python.folder);
      writeBinary(ten, folder);
      assertStringIncludes(await place() ?? "", ten.folder);
      for (const name of [ten.folder, ten.python.folder]) {
        await Deno.remove(`${folder}/${name}`, { recursive: true });
      }
      assertEquals(await place(), `${folder}/cifar10, parquet files`);
      const bytes = await gzip(tar(pythonVersion(ten)));
      Deno.writeFileSync(`${folder}/${ten.python.archive}`, bytes);
      const md5 = createHash("md5").update(bytes).digest("hex");
      const files = { ...ten, python: { ...ten.python, md5 } };
      assertStringIncludes(await place(files) ?? "", ten.python.archive);
    }),
);

await needs(
  disk,
  "openCifar: what is wrong with the version for Python is one line with the file",
  () =>
    inTemporary(async (folder) => {
      const sound = pythonVersion(ten);
      const root = ten.python.folder;
      const batch = `${root}/data_batch_2`;
      const broken = async (name: string, bytes: Uint8Array | undefined, ...parts: string[]) => {
        writeFiles(folder, sound, "directory");
        if (bytes) Deno.writeFileSync(`${folder}/${name}`, bytes);
        else Deno.removeSync(`${folder}/${name}`);
        await assertFailure(ten, folder, `${folder}/${name}`, "run again", ...parts);
      };
      const data = { shape: [5, 3072], bytes: new Uint8Array(5 * 3072) };
      const labels = [0, 1, 2, 3, 4];
      await broken(batch, undefined, "cannot read");
      await broken(batch, sound[batch].slice(0, 1000), "it ends early", "nothing of it was run");
      await broken(batch, new Uint8Array(), "it ends early");
      await broken(
        batch,
        pickleOf({ labels, data }),
        "5 labels and 5×3072 pixels",
        "20 and 20×3072",
      );
      await broken(batch, pickleOf({ labels }), "has no data");
      await broken(batch, pickleOf({ data }), "has no labels");
      await broken(batch, pickleOf({ labels, data: "x" }), "5 labels and no array of pixels");
      const long = { shape: [20, 3072], bytes: new Uint8Array(20 * 3072) };
      const wrong = Array.from({ length: 20 }, (_, i) => i === 7 ? 10 : 0);
      await broken(batch, pickleOf({ labels: wrong, data: long }), "record 7 has the label 10");
      await broken(
        `${root}/batches.meta`,
        pickleOf({ label_names: ["a"] }),
        "1 names, expected 10",
      );
      await broken(`${root}/batches.meta`, pickleOf({ num_vis: 3072 }), "no label_names");
    }),
);

await needs(
  disk,
  "openCifar: what is wrong with parquet files is one line with the file",
  () =>
    inTemporary(async (folder) => {
      const form = { columns: ["img", "label"] } as const;
      const [train, test] = ["cifar10/train-0.parquet", "cifar10/test-0.parquet"];
      const sound = {
        [train]: parquetOf(ten, [0, 1, 2, 3, 4], form),
        [test]: parquetOf(ten, [5], form),
      };
      const broken = async (name: string, bytes: Uint8Array | undefined, ...parts: string[]) => {
        writeFiles(folder, sound, "directory");
        if (bytes) Deno.writeFileSync(`${folder}/${name}`, bytes);
        else Deno.removeSync(`${folder}/${name}`);
        await assertFailure(ten, folder, `${folder}/cifar10`, "get it again", ...parts);
      };
      await broken(train, parquetOf(ten, [0, 1, 2, 3], form), "80 train images", "expected 100");
      await broken(test, undefined, "0 test images in 0 parquet files", "expected 30");
      await broken(train, sound[train].slice(0, -1), train);
      const damaged = sound[train].slice();
      damaged.fill(0, 1000, 3000);
      await broken(train, damaged, train);
      const other = parquetOf(ten, [5], { columns: ["img", "kind"] });
      await broken(test, other, "has the columns img, kind");
      await broken(
        train,
        parquetOf({ ...ten, classes: 5 }, [0, 1, 2, 3, 4], form),
        "have 5 classes",
      );
    }),
);
