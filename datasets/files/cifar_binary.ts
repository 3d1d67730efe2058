import { Failure } from "../../lib/values/failure.ts";
import { checkLabels, type CifarBatch, type CifarImages, PLANE } from "./cifar_batch.ts";
import type { CifarFiles, CifarFolder } from "./cifar_files.ts";

/**
 * Reads the version for C programs: records of label bytes and three planes of 32 × 32 pixels, and
 * a text with the names of the classes. Rejects with a `Failure` (exit 3) that names the file and
 * the expected contents if one is missing or wrong.
 */
export async function readBinary(files: CifarFiles, folder: CifarFolder): Promise<CifarImages> {
  const text = new TextDecoder().decode(await folder.read(files.namesFile));
  const classes = text.split(/\r?\n/).filter(Boolean);
  if (classes.length !== files.classes) {
    throw new Failure(
      3,
      `${folder.path}/${files.namesFile} has ${classes.length} names, ` +
        `expected ${files.classes}: ${folder.again}`,
    );
  }
  const batches = (names: readonly string[], records: number) =>
    Array.fromAsync(names, (name) => readBatch(files, folder, name, records));
  return {
    classes,
    train: await batches(files.train, files.records.train),
    test: await batches(files.test, files.records.test),
  };
}

async function readBatch(
  files: CifarFiles,
  folder: CifarFolder,
  name: string,
  records: number,
): Promise<CifarBatch> {
  const path = `${folder.path}/${name}`;
  const bytes = await folder.read(name);
  const record = files.labelBytes + 3 * PLANE;
  if (bytes.length !== records * record) {
    throw new Failure(
      3,
      `${path} has ${bytes.length} bytes, expected ${
        records * record
      } (${records} records of ${record}): ${folder.again}`,
    );
  }
  const labels = Uint8Array.from(
    { length: records },
    (_, i) => bytes[i * record + files.labelBytes - 1],
  );
  const batch = { path, labels, bytes, record, start: files.labelBytes };
  checkLabels(batch, files.classes, folder.again);
  return batch;
}
