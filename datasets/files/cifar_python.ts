import { Failure, messageOf } from "../../lib/values/failure.ts";
import { checkLabels, type CifarBatch, type CifarImages, PLANE } from "./cifar_batch.ts";
import type { CifarFiles, CifarFolder } from "./cifar_files.ts";
import { ByteArray, type PickleValue, textOf, unpickle } from "./pickle.ts";

/**
 * Reads the version for Python, which torchvision downloads: a pickled dictionary per file. Nothing
 * of it is run. Rejects with a `Failure` (exit 3) that names the file and the expected contents if
 * one is missing or wrong.
 */
export async function readPython(
  { python, records, classes }: CifarFiles,
  folder: CifarFolder,
): Promise<CifarImages> {
  const batches = (names: readonly string[], records: number) =>
    Array.fromAsync(names, async (name) => {
      const values = await readFields(folder, name, ["data", python.labelsKey]);
      const batch = batchOf(values, folder, name, records);
      checkLabels(batch, classes, folder.again);
      return batch;
    });
  const [names] = await readFields(folder, python.namesFile, [python.namesKey]);
  if (!Array.isArray(names) || names.length !== classes) {
    throw wrong(folder, python.namesFile, `${countOf(names)} names, expected ${classes}`);
  }
  return {
    classes: names.map(textOf),
    train: await batches(python.train, records.train),
    test: await batches(python.test, records.test),
  };
}

/** The values of these keys of a pickled dictionary. */
async function readFields(
  folder: CifarFolder,
  name: string,
  keys: readonly string[],
): Promise<PickleValue[]> {
  const bytes = await folder.read(name);
  let dict: PickleValue;
  try {
    dict = unpickle(bytes);
  } catch (error) {
    const reason = `cannot read ${folder.path}/${name} (${
      messageOf(error)
    }; nothing of it was run)`;
    throw new Failure(3, `${reason}: ${folder.again}`, { cause: error });
  }
  return keys.map((key) => {
    const value = dict instanceof Map ? dict.get(key) : undefined;
    if (value === undefined) throw wrong(folder, name, `no ${key}`);
    return value;
  });
}

function batchOf(
  [data, labels]: readonly PickleValue[],
  folder: CifarFolder,
  name: string,
  records: number,
): CifarBatch {
  const record = 3 * PLANE;
  const isSound = data instanceof ByteArray && Array.isArray(labels) &&
    labels.length === records && labels.every((label) => typeof label === "number") &&
    data.bytes.length === records * record && data.shape[0] === records;
  if (isSound) {
    return { path: `${folder.path}/${name}`, labels, bytes: data.bytes, record, start: 0 };
  }
  const has = data instanceof ByteArray ? data.shape.join("×") : "no array of";
  throw wrong(
    folder,
    name,
    `${countOf(labels)} labels and ${has} pixels, expected ${records} and ${records}×${record}`,
  );
}

const countOf = (value: PickleValue | undefined) => Array.isArray(value) ? value.length : "no";

const wrong = (folder: CifarFolder, name: string, contents: string) =>
  new Failure(3, `${folder.path}/${name} has ${contents}: ${folder.again}`);
