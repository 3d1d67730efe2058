import { AbsentDataset, type OpenDataset, type Split } from "../../lib/data/dataset.ts";
import { checksum } from "../../lib/files/checksum.ts";
import { dataFolderHint } from "../../lib/files/data_folder.ts";
import { download } from "../../lib/files/download.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";
import { readFile, statPath } from "./stat_path.ts";
import { untar } from "./tar.ts";

/** The places and the contents of a CIFAR data set's files. */
export interface CifarFiles {
  /** The name of the folder in the data folder. */
  readonly folder: string;
  /** The archive that contains this folder, in the data folder or below `url`. */
  readonly archive: string;
  /** The published MD5 of the archive. */
  readonly md5: string;
  /** The URL of the archive's folder, with a slash at its end. */
  readonly url: string;
  /** The files of training images. */
  readonly train: readonly string[];
  /** The files of test images. */
  readonly test: readonly string[];
  /** The number of images in each file. */
  readonly records: { readonly train: number; readonly test: number };
  /** The file of class names, one per line. */
  readonly names: string;
  /** The number of classes. */
  readonly classes: number;
  /** The number of bytes before a record's pixels. The last of them is the label. */
  readonly labels: number;
}

/** Bytes in the plane of a channel: one per pixel. */
const PLANE = 32 * 32;

/**
 * Opens CIFAR's original binary files: records of label bytes and three planes of 32 × 32 pixels. A
 * missing folder is unpacked from its archive, and a missing archive is downloaded first. A `dry`
 * run does neither. Rejects with a `Failure` (exit 3) that names the file and the expected contents
 * if a file is missing or wrong.
 */
export async function openCifar(
  files: CifarFiles,
  folder: string,
  log: (line: string) => void,
  dry?: boolean,
): Promise<OpenDataset> {
  const root = `${folder}/${files.folder}`;
  if (!(await statPath(root))) {
    if (dry) {
      throw new AbsentDataset(
        `there is no ${root}: a run creates it from ${
          files.url + files.archive
        }; ${dataFolderHint}`,
      );
    }
    await unpackFolder(files, folder, log);
  }
  const again = `remove ${root} and run again to unpack or download it again; ${dataFolderHint}`;
  const classes = new TextDecoder().decode(await readFile(`${root}/${files.names}`, again)).split(
    /\r?\n/,
  ).filter(
    Boolean,
  );
  if (classes.length !== files.classes) {
    throw new Failure(
      3,
      `${root}/${files.names} has ${classes.length} names, expected ${files.classes}: ${again}`,
    );
  }
  const split = async (names: readonly string[], records: number): Promise<Split> => {
    const parts: Uint8Array[] = [];
    for (const name of names) {
      parts.push(await readRecords(`${root}/${name}`, files, records, again));
    }
    return recordSplit(parts, records, files.labels);
  };
  return {
    classes,
    image: [32, 32, 3],
    train: await split(files.train, files.records.train),
    test: await split(files.test, files.records.test),
    close() {},
  };
}

/** Reads a file, and checks its size and its labels. */
async function readRecords(
  path: string,
  files: CifarFiles,
  records: number,
  again: string,
): Promise<Uint8Array> {
  const bytes = await readFile(path, again);
  const record = files.labels + 3 * PLANE;
  if (bytes.length !== records * record) {
    throw new Failure(
      3,
      `${path} has ${bytes.length} bytes, expected ${
        records * record
      } (${records} records of ${record}): ${again}`,
    );
  }
  for (let i = 0; i < records; i++) {
    const label = bytes[i * record + files.labels - 1];
    if (label >= files.classes) {
      throw new Failure(
        3,
        `${path}: record ${i} has the label ${label}, expected 0 to ${files.classes - 1}: ${again}`,
      );
    }
  }
  return bytes;
}

/** Makes one split of the records of several files. Reads interleave the planes to RGB pixels. */
function recordSplit(parts: readonly Uint8Array[], records: number, labels: number): Split {
  const record = labels + 3 * PLANE;
  return {
    size: parts.length * records,
    labels: Int32Array.from(
      { length: parts.length * records },
      (_, i) => parts[Math.floor(i / records)][i % records * record + labels - 1],
    ),
    read(indices) {
      const out = new Uint8Array(indices.length * 3 * PLANE);
      let to = 0;
      for (let i = 0; i < indices.length; i++) {
        const part = parts[Math.floor(indices[i] / records)];
        const start = indices[i] % records * record + labels;
        for (let from = start; from < start + PLANE; from++) {
          out[to++] = part[from];
          out[to++] = part[from + PLANE];
          out[to++] = part[from + 2 * PLANE];
        }
      }
      return Promise.resolve(out);
    },
  };
}

/**
 * Unpacks the archive, downloaded if it is missing, into a temporary folder and then moves the
 * folder, so that a folder of that name is always complete.
 */
async function unpackFolder(
  files: CifarFiles,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  const archive = `${folder}/${files.archive}`;
  const url = files.url + files.archive;
  let temporary: string | undefined;
  try {
    if (await statPath(archive)) await verify(archive, files.md5);
    else {await download(
        {
          url,
          sum: { algorithm: "md5", digits: files.md5 },
          to: archive,
          elsewhere: dataFolderHint,
        },
        log,
      );}
    log(`${archive}: unpacking`);
    temporary = await Deno.makeTempDir({ dir: folder, prefix: `.${files.folder}-` });
    await untar(archive, temporary);
    await Deno.rename(`${temporary}/${files.folder}`, `${folder}/${files.folder}`);
  } catch (error) {
    // Another process may have been faster. Its folder is the same.
    if (temporary && await statPath(`${folder}/${files.folder}`)) return;
    if (error instanceof Failure) throw error;
    throw new Failure(
      3,
      `cannot unpack ${archive} into ${folder} (${messageOf(error)}); ${dataFolderHint}`,
      {
        cause: error,
      },
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
