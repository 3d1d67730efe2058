import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { encode } from "fast-png";
import { setTimeout as delay } from "node:timers/promises";
import { imageFolder } from "../../datasets/image_folder.ts";
import { synthetic, type SyntheticOptions } from "../../datasets/synthetic.ts";
import type { Dataset, OpenDataset, Split } from "../../lib/data/dataset.ts";
import { type DataFacts, Fingerprint, readDataFacts } from "../../lib/data/fingerprint.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { Failure } from "../../lib/values/failure.ts";
import { readAs } from "../../lib/values/reader.ts";
import { needs } from "../support/needs.ts";
import { numbered } from "../support/second_task.ts";
import { inTemporary } from "../support/temporary.ts";
import { writeFiles } from "../support/write_files.ts";

/** A PNG of one shade of grey. All of them have the same size in bytes. */
const png = (grey: number): Uint8Array =>
  encode({ width: 2, height: 2, channels: 3, data: new Uint8Array(12).fill(grey) });

/** Three images of two classes to train on, and one of each to test. */
const pictures = (): Record<string, Uint8Array> => ({
  ...Object.fromEntries(["cat", "dog"].flatMap((label, i) => [
    ...[0, 1, 2].map((n) => [`train/${label}/${n}.png`, png(100 * i + n)] as const),
    [`test/${label}/0.png`, png(100 * i + 50)] as const,
  ])),
});

const folderOf = (options = {}) => imageFolder({ folder: "set", size: 2, ...options });

/** Opens a data set for as long as `use` runs. */
async function withOpen<T>(
  dataset: Dataset,
  folder: string,
  use: (print: Fingerprint) => Promise<T>,
  most?: number,
): Promise<T> {
  const opened = await dataset.open(folder);
  try {
    return await use(new Fingerprint(opened, dataset.task, most));
  } finally {
    opened.close();
  }
}

/** What a run would record, through JSON as in its folder. */
const factsOf = async (folder: string, dataset: Dataset = folderOf(), most?: number) => {
  const facts = await withOpen(dataset, folder, (print) => print.facts(), most);
  return readAs<DataFacts>(JSON.parse(JSON.stringify(facts)), readDataFacts, (text) => {
    throw new TypeError(text);
  });
};

/** Compares, and returns the message of the failure; `undefined` if nothing has changed. */
const changeSince = async (
  facts: DataFacts,
  folder: string,
  dataset: Dataset = folderOf(),
  most?: number,
): Promise<string | undefined> => {
  try {
    await withOpen(dataset, folder, (print) => print.check({ by: "a seed 1", facts }), most);
  } catch (error) {
    assert(error instanceof Failure && error.exit === 3, String(error));
    assertStringIncludes(error.message, "a seed 1 learned from other data than there are now: ");
    assertStringIncludes(error.message, "--fresh");
    return error.message;
  }
};

const rename = (from: string, to: string) => Deno.renameSync(from, to);

/** Changes of a folder, and the words that must name each. */
const CHANGES: readonly (readonly [what: string, change: (set: string) => void, words: string])[] =
  [
    ["a class renamed, first by name now", (set) => {
      for (const part of ["train", "test"]) rename(`${set}/${part}/dog`, `${set}/${part}/ant`);
    }, "class 0 was cat, is ant; class 1 was dog, is cat"],
    ["a class renamed at its place", (set) => {
      for (const part of ["train", "test"]) rename(`${set}/${part}/dog`, `${set}/${part}/hound`);
    }, "class 1 was dog, is hound"],
    [
      "two classes swapped",
      (set) => {
        for (const part of ["train", "test"]) {
          rename(`${set}/${part}/dog`, `${set}/${part}/x`);
          rename(`${set}/${part}/cat`, `${set}/${part}/dog`);
          rename(`${set}/${part}/x`, `${set}/${part}/cat`);
        }
      },
      "class cat has the training images that class dog had; class dog has the training images that class cat had",
    ],
    ["a class added", (set) => {
      writeFiles(set, { "train/emu/0.png": png(1), "test/emu/0.png": png(2) }, "directory");
    }, "class 2 is emu, was not there"],
    [
      "an image removed",
      (set) => Deno.removeSync(`${set}/train/dog/1.png`),
      "class dog has 2 training images, had 3",
    ],
    [
      "an image added",
      (set) => writeFiles(set, { "test/cat/9.png": png(3) }, "directory"),
      "class cat has 2 test images, had 1",
    ],
    [
      "a file renamed",
      (set) => rename(`${set}/train/cat/0.png`, `${set}/train/cat/9.png`),
      "training images of class cat have other file names",
    ],
    ["a file overwritten by as many bytes", (set) => {
      const before = Deno.statSync(`${set}/test/dog/0.png`).size;
      writeFiles(set, { "test/dog/0.png": png(7) }, "directory");
      assertEquals(Deno.statSync(`${set}/test/dog/0.png`).size, before);
    }, "test images of class dog have other contents"],
    ["a file replaced by another one of the same size and time", (set) => {
      const { mtime, atime } = Deno.statSync(`${set}/train/dog/0.png`);
      Deno.writeFileSync(`${set}/new`, png(9));
      rename(`${set}/new`, `${set}/train/dog/0.png`);
      Deno.utimeSync(`${set}/train/dog/0.png`, atime!, mtime!);
    }, "training images of class dog have other contents"],
  ];

for (const [what, change, words] of CHANGES) {
  await needs(
    ["read", "write"],
    `fingerprint: ${what} is a change`,
    () =>
      inTemporary(async (folder) => {
        writeFiles(`${folder}/set`, pictures(), "directory");
        const facts = await factsOf(folder);
        assertEquals(await changeSince(facts, folder), undefined);
        change(`${folder}/set`);
        assertStringIncludes(String(await changeSince(facts, folder)), words);
      }),
  );
}

await needs(
  ["read", "write"],
  "fingerprint: files that were touched, moved, copied or zipped are the same data",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/set`, pictures(), "directory");
      const facts = await factsOf(folder);
      const digest = (at: string) => withOpen(folderOf(), at, (print) => print.digest());
      const before = await digest(folder);
      Deno.utimeSync(`${folder}/set/train/cat/0.png`, 1, 1);
      assertEquals(await changeSince(facts, folder), undefined);
      for (const form of ["zip", "directory"] as const) {
        const other = `${folder}/${form}`;
        Deno.mkdirSync(other);
        writeFiles(`${other}/set`, pictures(), form);
        assertEquals([await changeSince(facts, other), await digest(other)], [undefined, before]);
        assertEquals(await changeSince(await factsOf(other), folder), undefined);
      }
      rename(`${folder}/set`, `${folder}/moved`);
      assertEquals(await changeSince(facts, folder, folderOf({ folder: "moved" })), undefined);
    }),
);

await needs(
  ["read", "write"],
  "fingerprint: a changed zip is a change",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/set`, pictures(), "zip");
      const facts = await factsOf(folder);
      assertEquals(await changeSince(facts, folder), undefined);
      writeFiles(`${folder}/set`, { ...pictures(), "train/cat/1.png": png(99) }, "zip");
      assertStringIncludes(
        String(await changeSince(facts, folder)),
        "training images of class cat have other contents",
      );
    }),
);

await needs(
  ["read", "write"],
  "fingerprint: unchanged files, written long enough ago, are not read again, and `take` changes nothing",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/set`, pictures(), "directory");
      await delay(2_100);
      const facts = await factsOf(folder);
      const opened = await folderOf({ take: 2 }).open(folder);
      const unreadable = ({ partOf, files, ...split }: Split): Split => ({
        ...split,
        partOf: partOf && { ...partOf, split: unreadable(partOf.split) },
        files: files && { ...files, checksum: () => Promise.reject(new Failure(3, "it was read")) },
      });
      const print = new Fingerprint(
        { ...opened, train: unreadable(opened.train), test: unreadable(opened.test) },
        classification,
      );
      await print.check({ by: "a", facts });
      Deno.utimeSync(`${folder}/set/train/cat/0.png`, 1, 1);
      const again = new Fingerprint(
        { ...opened, train: unreadable(opened.train), test: unreadable(opened.test) },
        classification,
      );
      await assertRejects(() => again.check({ by: "a", facts }), Failure, "it was read");
      opened.close();
    }),
);

await needs(
  ["read", "write"],
  "fingerprint: of more bytes than the bound it reads always the same sample, and all names",
  () =>
    inTemporary(async (folder) => {
      writeFiles(`${folder}/set`, pictures(), "directory");
      const most = 3.5 * png(0).length;
      const facts = await factsOf(folder, folderOf(), most);
      let noticed = 0;
      for (const name of Object.keys(pictures()).filter((name) => name.startsWith("train/"))) {
        Deno.writeFileSync(`${folder}/set/${name}`, png(200));
        if (await changeSince(facts, folder, folderOf(), most)) noticed++;
        Deno.writeFileSync(`${folder}/set/${name}`, pictures()[name]);
        assertEquals(await changeSince(facts, folder, folderOf(), most), undefined);
      }
      assertEquals(noticed, 3);
      Deno.removeSync(`${folder}/set/train/cat/0.png`);
      assertStringIncludes(
        String(await changeSince(facts, folder, folderOf(), most)),
        "class cat has 2 training images, had 3",
      );
    }),
);

Deno.test("fingerprint: images without files are compared by their pixels and labels", async () => {
  const made = (options: SyntheticOptions = {}) =>
    synthetic({ size: 8, train: 20, test: 10, classes: 5, ...options });
  const facts = await factsOf("", made());
  assertEquals(await changeSince(facts, "", made({ take: 10, holdout: 5, flip: true })), undefined);
  assertStringIncludes(
    String(await changeSince(facts, "", made({ noise: 0.2 }))),
    "training images of class 0a have other contents; training images of class 0b",
  );
  assertStringIncludes(
    String(await changeSince(facts, "", made({ noise: 0.2 }))),
    "; 7 more changes",
  );
  assertStringIncludes(
    String(await changeSince(facts, "", made({ size: 9 }))),
    "images are 9×9×3, were 8×8×3",
  );
});

Deno.test("fingerprint: labels of a task's own are compared", async () => {
  const dataset = numbered({ size: 8, train: 8, test: 4 });
  const facts = await factsOf("", dataset);
  const relabelled: Dataset = {
    ...dataset,
    async open(folder): Promise<OpenDataset> {
      const opened = await dataset.open(folder);
      const test = { ...opened.test, counts: new Float32Array(4).fill(9) };
      return { ...opened, test };
    },
  };
  assertEquals(await changeSince(facts, "", dataset), undefined);
  assertStringIncludes(
    String(await changeSince(facts, "", relabelled)),
    "test images have other labels",
  );
});

Deno.test("fingerprint: letters with accents are the same in either of Unicode's forms", async () => {
  const opened = await synthetic({ size: 8, train: 4, test: 4, classes: 2 }).open("");
  const named = (form: "NFC" | "NFD") =>
    new Fingerprint({ ...opened, classes: ["é".normalize(form), "b"] }, classification);
  await named("NFD").check({ by: "a", facts: await named("NFC").facts() });
});
