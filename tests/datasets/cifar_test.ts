import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { cifar10, cifar100, cifar10Files } from "../../datasets/cifar.ts";
import type { CifarFiles } from "../../datasets/files/cifar_files.ts";
import { openCifar } from "../../datasets/files/open_cifar.ts";
import { Failure } from "../../lib/values/failure.ts";
import { canonical } from "../../lib/values/json.ts";
import { hundred, labelOf, original, pixelOf, ten, writeBinary } from "../support/cifar.ts";
import { needsDisk } from "../support/disk.ts";
import { everything, needs } from "../support/needs.ts";
import { gzip, tar } from "../support/tar_archive.ts";
import { inTemporary } from "../support/temporary.ts";

const quiet = () => {};

/** Asserts that opening fails with exit 3 and a message with all `parts`. */
async function assertFailure(files: CifarFiles, folder: string, ...parts: string[]): Promise<void> {
  const failure = await assertRejects(() => openCifar(files, folder, quiet), Failure);
  assertEquals(failure.exit, 3);
  for (const part of parts) assertEquals(failure.message.includes(part), true, failure.message);
}

Deno.test("cifar: declarations have the options, and no file is opened", () => {
  const options =
    '{"crop":4,"flip":true,"holdout":0,"mean":[0.5071,0.4867,0.4408],"std":[0.2675,0.2565,0.2761]}';
  assertEquals(canonical(cifar100().options), options);
  assertEquals(canonical(cifar100({ crop: 4, holdout: 0, take: undefined }).options), options);
  assertEquals(cifar10().normalisation, {
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.247, 0.2435, 0.2616],
  });
  const dataset = cifar10({
    holdout: 5000,
    take: 20000,
    crop: 0,
    flip: false,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  });
  assertEquals([dataset.id, dataset.holdout, dataset.take, dataset.augmentation], [
    "cifar10",
    5000,
    20000,
    {
      crop: 0,
      flip: false,
    },
  ]);
  assertEquals(
    canonical(dataset.options),
    '{"crop":0,"flip":false,"holdout":5000,"mean":[0,0,0],"std":[1,1,1],"take":20000}',
  );
});

Deno.test("cifar: an option out of range is a failure", () => {
  for (
    const options of [{ holdout: -1 }, { holdout: 2.5 }, { take: 0 }, { take: NaN }, { crop: -4 }, {
      std: [1, 0, 1] as const,
    }]
  ) {
    const failure = assertThrows(() => cifar100(options), Failure, Object.keys(options)[0]);
    assertEquals(failure.exit, 2);
  }
});

await needs(
  ["read", "write"],
  "cifar: the original files have RGB pixels and fine labels",
  () =>
    inTemporary(async (folder) => {
      for (const files of [ten, hundred]) {
        writeBinary(files, folder);
        const { classes, image, train, test } = await openCifar(files, folder, quiet);
        assertEquals([classes.length, classes[3], image], [files.classes, files.hub.classNames[3], [
          32,
          32,
          3,
        ]]);
        const perFile = files.records.train;
        assertEquals([train.size, test.size], [files.train.length * perFile, files.records.test]);
        assertEquals(
          [...train.labels],
          Array.from({ length: train.size }, (_, i) =>
            labelOf(files, Math.floor(i / perFile), i % perFile)),
        );
        const indices = [train.size - 1, 0, perFile - 1, 1];
        const bytes = await train.read(indices);
        assertEquals(bytes.length, 4 * 3072);
        indices.forEach((index, i) => {
          const file = Math.floor(index / perFile);
          const record = index % perFile;
          for (
            const [y, x, c] of [[0, 0, 0], [0, 0, 2], [0, 1, 0], [1, 0, 1], [17, 9, 1], [31, 31, 2]]
          ) {
            assertEquals(bytes[i * 3072 + (y * 32 + x) * 3 + c], pixelOf(file, record, y, x, c));
          }
        });
        assertEquals((await test.read([5]))[0], pixelOf(files.train.length, 5, 0, 0, 0));
      }
    }),
);

await needs(
  ["read", "write"],
  "cifar: a failure names a file that is missing, too short, too long or has a bad label",
  () =>
    inTemporary(async (folder) => {
      writeBinary(ten, folder);
      const root = `${folder}/${ten.folder}`;
      const batch = `${root}/data_batch_2.bin`;
      const whole = Deno.readFileSync(batch);
      const broken = async (path: string, bytes: Uint8Array | undefined, ...parts: string[]) => {
        const before = Deno.readFileSync(path);
        if (bytes) Deno.writeFileSync(path, bytes);
        else Deno.removeSync(path);
        await assertFailure(ten, folder, path, "run again", ...parts);
        Deno.writeFileSync(path, before);
      };
      await broken(batch, whole.slice(0, -1), "61459 bytes", "61460", "20 records of 3073");
      await broken(batch, whole.slice(0, 3073), "61460");
      await broken(batch, new Uint8Array([...whole, 0]), "61461");
      await broken(batch, undefined);
      const labelled = whole.slice();
      labelled[7 * 3073] = 10;
      await broken(batch, labelled, "record 7", "label 10", "0 to 9");
      await broken(
        `${root}/batches.meta.txt`,
        new TextEncoder().encode("cat\ndog\n"),
        "2 names",
        "10",
      );
      await assertFailure(cifar10Files, folder, "data_batch_1.bin", "30730000");
    }),
);

/** An archive of the files and a server for it. */
async function serveArchive(
  files: CifarFiles,
  fn: (
    files: CifarFiles,
    ranges: (string | null)[],
    archive: Uint8Array<ArrayBuffer>,
  ) => Promise<void>,
): Promise<void> {
  const archive = new Uint8Array(
    await gzip(tar({ [`${files.folder}/`]: new Uint8Array(), ...original(files) })),
  );
  const ranges: (string | null)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: quiet }, (request) => {
    ranges.push(request.headers.get("range"));
    const isIt = new URL(request.url).pathname === `/kriz/${files.archive}`;
    return isIt ? new Response(archive) : new Response(null, { status: 404 });
  });
  const md5 = createHash("md5").update(archive).digest("hex");
  try {
    await fn({ ...files, md5, url: `http://127.0.0.1:${server.addr.port}/kriz/` }, ranges, archive);
  } finally {
    await server.shutdown();
  }
}

const net = ["read", "write", "net"] as const;

await needs(
  net,
  "cifar: a missing data set is downloaded with progress, unpacked and then found",
  () =>
    inTemporary((parent) =>
      serveArchive(hundred, async (files, ranges) => {
        const folder = `${parent}/new/data`;
        const lines: string[] = [];
        const { train } = await openCifar(files, folder, (line) => lines.push(line));
        assertEquals(train.size, 200);
        assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
          files.folder,
          files.archive,
        ]);
        assertMatch(lines[0], /cifar-100-binary.tar.gz: \d+\.\d of \d+\.\d MB/);
        assertMatch(lines.at(-1)!, /unpacking/);
        await openCifar(files, folder, quiet);
        assertEquals(ranges, [null]);
        await assertFailure(
          { ...files, archive: "other.tar.gz" },
          parent,
          "404",
          `${parent}/other.tar.gz`,
          "--data DIR",
        );
      })
    ),
);

await needs(
  ["read", "write"],
  "cifar: a dry run names the missing folder, and does not download",
  () =>
    inTemporary(async (parent) => {
      const folder = `${parent}/new`;
      const open = () => openCifar(ten, folder, quiet, true);
      const message = async () =>
        (await assertRejects(open, Failure, `there is no ${folder}/${ten.folder}: `)).message;
      assertEquals((await message()).includes(ten.url + ten.archive), true);
      assertEquals([...Deno.readDirSync(parent)], []);
      assertEquals((await message()).includes(ten.python.folder), true);
      Deno.mkdirSync(folder);
      writeBinary(ten, folder);
      assertEquals((await open()).train.size, 100);
    }),
);

await needs(
  net,
  "cifar: an archive in the data folder is used or, if it is damaged, named, and not downloaded",
  () =>
    inTemporary((folder) =>
      serveArchive(ten, async (files, ranges, archive) => {
        const path = `${folder}/${files.archive}`;
        Deno.writeFileSync(path, archive.slice(0, 5000));
        await assertFailure(files, folder, path, files.md5, "remove it and run again");
        Deno.writeFileSync(path, archive);
        assertEquals((await openCifar(files, folder, quiet)).train.size, 100);
        assertEquals(ranges, []);
      })
    ),
);

await needs(
  ["read", "write"],
  "cifar: an archive without the folder is a failure and leaves no files",
  () =>
    inTemporary(async (folder) => {
      const archive = await gzip(tar({ "other/a.bin": new Uint8Array(3) }));
      Deno.writeFileSync(`${folder}/${ten.archive}`, archive);
      await assertFailure(
        { ...ten, md5: createHash("md5").update(archive).digest("hex") },
        folder,
        "cannot unpack",
        ten.archive,
      );
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [ten.archive]);
    }),
);

await needs(
  net,
  "cifar: two calls at once download once",
  () =>
    inTemporary((folder) =>
      serveArchive(ten, async (files, ranges) => {
        const both = await Promise.all([
          openCifar(files, folder, quiet),
          openCifar(files, folder, quiet),
        ]);
        assertEquals(both.map(({ train }) => train.size), [100, 100]);
        assertEquals(ranges, [null]);
        assertEquals([...Deno.readDirSync(folder)].filter(({ name }) => name.startsWith(".")), []);
      })
    ),
);

await needsDisk(
  everything,
  1 << 17,
  "cifar: a full or read-only disk is a failure and leaves no partial files",
  (folder, readOnly) =>
    serveArchive(ten, async (files) => {
      await assertFailure(files, folder, "No space left", files.archive);
      assertEquals(
        [...Deno.readDirSync(folder)].filter(({ name }) => !name.startsWith(files.archive)),
        [],
      );
      readOnly();
      await assertFailure(files, folder, "Read-only file system", folder);
    }),
);
