import { AbsentDataset, type OpenDataset } from "../../lib/data/dataset.ts";
import { checksum } from "../../lib/files/checksum.ts";
import { dataFolderHint } from "../../lib/files/data_folder.ts";
import { download } from "../../lib/files/download.ts";
import { Failure, systemMessageOf } from "../../lib/values/failure.ts";
import { batchSplit, type CifarImages } from "./cifar_batch.ts";
import { readBinary } from "./cifar_binary.ts";
import type { CifarArchive, CifarFiles, CifarFolder } from "./cifar_files.ts";
import { findParquet, readParquet } from "./cifar_parquet.ts";
import { readPython } from "./cifar_python.ts";
import { readFile, statPath } from "./stat_path.ts";
import { readTar, untar } from "./tar.ts";

/**
 * Opens a CIFAR data set in the first of these forms that lies in the data folder: the folder of
 * the version for C programs or for Python, the archive of either, parquet files. An archive is
 * unpacked once. If nothing is there, the first archive is downloaded. A `dry` run does neither: it
 * reads an archive as it is. Images, order and names of classes are the same in every form. Rejects
 * with a `Failure` (exit 3) that names the file and the expected contents if a file is missing or
 * wrong.
 */
export async function openCifar(
  files: CifarFiles,
  folder: string,
  log: (line: string) => void,
  dry?: boolean,
): Promise<OpenDataset> {
  const { place, read } = await findForm(files, folder, log, dry) ??
    await downloadForm(files, folder, log, dry);
  const { classes, train, test } = await read();
  return {
    classes,
    image: [32, 32, 3],
    train: batchSplit(train),
    test: batchSplit(test),
    place,
    close() {},
  };
}

/** A form of the data set in the data folder. */
interface Form {
  /** Its path and its kind, in words. */
  readonly place: string;
  read(): Promise<CifarImages>;
}

/** A version of the authors, and how to read its folder. */
interface Version {
  readonly archive: CifarArchive;
  readonly kind: string;
  read(files: CifarFiles, folder: CifarFolder): Promise<CifarImages>;
}

const versionsOf = (files: CifarFiles): [binary: Version, python: Version] => [
  { archive: files, kind: "the authors' binary version", read: readBinary },
  { archive: files.python, kind: "the authors' Python version", read: readPython },
];

/** Finds the form to read. `undefined` if the data folder has none. */
async function findForm(
  files: CifarFiles,
  folder: string,
  log: (line: string) => void,
  dry?: boolean,
): Promise<Form | undefined> {
  const versions = versionsOf(files);
  for (const version of versions) {
    if (await statPath(`${folder}/${version.archive.folder}`)) {
      return folderForm(files, version, folder);
    }
  }
  for (const version of versions) {
    const { archive } = version;
    const path = `${folder}/${archive.archive}`;
    if (!await statPath(path)) continue;
    await verify(path, archive.md5);
    if (dry) return archiveForm(files, version, path);
    await unpackFolder(archive, folder, log);
    return folderForm(files, version, folder);
  }
  const parquet = await findParquet(files, folder);
  return parquet && {
    place: `${parquet.path}, parquet files`,
    read: () => readParquet(files, parquet, log),
  };
}

/** Downloads the binary version. */
async function downloadForm(
  files: CifarFiles,
  folder: string,
  log: (line: string) => void,
  dry?: boolean,
): Promise<Form> {
  const url = files.url + files.archive;
  if (dry) {
    throw new AbsentDataset(
      `there is no ${folder}/${files.folder}: a run downloads ${url} unless the data folder has ` +
        `${files.python.folder}, the .tar.gz of either or parquet files of it; ${dataFolderHint}`,
    );
  }
  const [binary] = versionsOf(files);
  const to = `${folder}/${files.archive}`;
  const sum = { algorithm: "md5", digits: files.md5 } as const;
  await download({ url, sum, to, elsewhere: dataFolderHint }, log);
  await unpackFolder(files, folder, log);
  return folderForm(files, binary, folder);
}

function folderForm(files: CifarFiles, { archive, kind, read }: Version, folder: string): Form {
  const path = `${folder}/${archive.folder}`;
  const again =
    `get it again, or remove ${path} and run again to unpack or download it; ${dataFolderHint}`;
  return {
    place: `${path}, ${kind}`,
    read: () => read(files, { path, again, read: (name) => readFile(`${path}/${name}`, again) }),
  };
}

function archiveForm(files: CifarFiles, { archive, kind, read }: Version, path: string): Form {
  const again = `remove it and run again to download it again; ${dataFolderHint}`;
  return {
    place: `${path}, ${kind}`,
    async read() {
      const contents = await readTar(path).catch((error) => {
        throw new Failure(3, `cannot read ${path} (${systemMessageOf(error)}): ${again}`);
      });
      return await read(files, {
        path,
        again,
        read(name) {
          const file = contents.get(`${archive.folder}/${name}`);
          if (file) return Promise.resolve(file);
          throw new Failure(3, `${path} has no ${archive.folder}/${name}: ${again}`);
        },
      });
    },
  };
}

/**
 * Unpacks the archive into a temporary folder and then moves the folder, so that a folder of that
 * name is always complete.
 */
async function unpackFolder(
  { archive, folder: name }: CifarArchive,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  const path = `${folder}/${archive}`;
  let temporary: string | undefined;
  try {
    log(`${path}: unpacking`);
    temporary = await Deno.makeTempDir({ dir: folder, prefix: `.${name}-` });
    await untar(path, temporary);
    await Deno.rename(`${temporary}/${name}`, `${folder}/${name}`);
  } catch (error) {
    // Another process may have been faster. Its folder is the same.
    if (temporary && await statPath(`${folder}/${name}`)) return;
    throw new Failure(
      3,
      `cannot unpack ${path} into ${folder} (${systemMessageOf(error)}); ${dataFolderHint}`,
      { cause: error },
    );
  } finally {
    if (temporary) await Deno.remove(temporary, { recursive: true });
  }
}

/** Rejects with a `Failure` (exit 3) if the archive is not the published one. */
async function verify(archive: string, md5: string): Promise<void> {
  const sum = await checksum(archive, "md5");
  if (sum !== md5) {
    throw new Failure(
      3,
      `${archive} has MD5 ${sum}, expected ${md5}: remove it and run again to download it again`,
    );
  }
}
