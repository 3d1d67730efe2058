import type { Opened, Split } from "../../lib/data/dataset.ts";
import { checksum } from "../../lib/files/checksum.ts";
import { dataFolderHint } from "../../lib/files/data_folder.ts";
import { download } from "../../lib/files/download.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";
import { lookUp, readFile } from "./look_up.ts";
import { untar } from "./tar.ts";

/** Where the files of a CIFAR data set are and what is in them. */
export interface CifarFiles {
  /** The folder in the data folder. */
  readonly folder: string;
  /** The archive that has this folder in it, in the data folder or below `url`. */
  readonly archive: string;
  /** The published MD5 of the archive. */
  readonly md5: string;
  /** The address of the folder that the archive is downloaded from, with a slash at its end. */
  readonly url: string;
  /** The files of training images. */
  readonly train: readonly string[];
  /** The files of test images. */
  readonly test: readonly string[];
  /** Images in each file of either kind. */
  readonly records: { readonly train: number; readonly test: number };
  /** The file of class names, one a line. */
  readonly names: string;
  /** Classes. */
  readonly classes: number;
  /** Bytes before a record's pixels; the last of them is the label. */
  readonly labels: number;
}

/** Pixels of an image, and so the distance of its red, green and blue planes. */
const PLANE = 32 * 32;

/**
 * Opens CIFAR's original binary files: records of label bytes and three planes of 32 × 32 pixels.
 * What is absent is unpacked from its archive, which is downloaded when it is absent too; a `dry`
 * run does neither. Rejects with a `Failure` (exit 3) that names the file and what was expected.
 */
export async function openCifar(
  files: CifarFiles,
  folder: string,
  log: (line: string) => void,
  dry?: boolean,
): Promise<Opened> {
  const root = `${folder}/${files.folder}`;
  if (!(await lookUp(root))) {
    if (dry) {
      throw new Failure(
        3,
        `there is no ${root}: a run puts it there from ${
          files.url + files.archive
        }; ${dataFolderHint}`,
      );
    }
    await provide(files, folder, log);
  }
  const again =
    `remove ${root} and run again, and it is unpacked or downloaded anew; ${dataFolderHint}`;
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
    for (const name of names) parts.push(await checked(`${root}/${name}`, files, records, again));
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

/** A file's bytes, of the expected size and with labels in range. */
async function checked(
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

/** The records of several files as one split; planes become channels when they are read. */
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
      for (let i = 0, to = 0; i < indices.length; i++) {
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
 * Unpacks the archive aside and renames its folder, so that a folder of that name is always whole.
 */
async function provide(
  files: CifarFiles,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  const archive = `${folder}/${files.archive}`;
  const url = files.url + files.archive;
  let aside: string | undefined;
  try {
    if (await lookUp(archive)) await verify(archive, files.md5);
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
    aside = await Deno.makeTempDir({ dir: folder, prefix: `.${files.folder}-` });
    await untar(archive, aside);
    await Deno.rename(`${aside}/${files.folder}`, `${folder}/${files.folder}`);
  } catch (error) {
    // Another process may have been faster: its folder is as good as ours.
    if (aside && await lookUp(`${folder}/${files.folder}`)) return;
    if (error instanceof Failure) throw error;
    throw new Failure(
      3,
      `cannot unpack ${archive} into ${folder} (${messageOf(error)}); ${dataFolderHint}`,
      {
        cause: error,
      },
    );
  } finally {
    if (aside) await Deno.remove(aside, { recursive: true });
  }
}

/** Rejects with a `Failure` where the archive is not the published one. */
async function verify(archive: string, md5: string): Promise<void> {
  const sum = await checksum(archive, "md5");
  if (sum !== md5) {
    throw new Failure(
      3,
      `${archive} has MD5 ${sum}, expected ${md5}: remove it and run again, and it is downloaded anew`,
    );
  }
}
