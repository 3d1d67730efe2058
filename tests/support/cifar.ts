/** Small data sets in the forms in which CIFAR is published. */
import { encode } from "fast-png";
import { parquetWriteBuffer } from "hyparquet-writer";
import { cifar100Files, cifar10Files } from "../../datasets/cifar.ts";
import type { CifarFiles } from "../../datasets/files/cifar_files.ts";
import { type PickleInput, pickleOf } from "./pickles.ts";
import { writeFiles } from "./write_files.ts";

/** The published formats with a few records per file. */
export const ten: CifarFiles = small(cifar10Files, { train: 20, test: 30 });
export const hundred: CifarFiles = small(cifar100Files, { train: 200, test: 100 });

function small(files: CifarFiles, records: CifarFiles["records"]): CifarFiles {
  const few: CifarFiles = { ...files, records };
  const first = (file: number) => Array.from({ length: 5 }, (_, i) => labelOf(few, file, i));
  const firstLabels = {
    train: few.train.map((_, file) => first(file)),
    test: [first(few.train.length)],
  };
  return { ...few, hub: { ...few.hub, firstLabels } };
}

/** The value of pixel (y, x, c) of record `i` of file `file`. Test files come after the others. */
export function pixelOf(file: number, i: number, y: number, x: number, c: number): number {
  return (file * 50 + i * 7 + y * 3 + x * 5 + c * 91) % 256;
}

/** The class of record `i` of file `file`. */
export function labelOf({ classes }: CifarFiles, file: number, i: number): number {
  return (i + file) % classes;
}

const coarseLabelOf = (i: number): number => 19 - i % 20;

/** The three planes of a record. */
function planesOf(file: number, i: number): Uint8Array {
  return Uint8Array.from({ length: 3072 }, (_, at) => {
    const [c, y, x] = [at >> 10, at >> 5 & 31, at & 31];
    return pixelOf(file, i, y, x, c);
  });
}

/** The files of both splits, with the number of each and of its records. */
function filesOf(files: CifarFiles, names: Pick<CifarFiles, "train" | "test">) {
  const { train, test } = files.records;
  return [...names.train, ...names.test].map((name, file) => ({
    name,
    file,
    records: file < files.train.length ? train : test,
  }));
}

/** The files of the binary version, by their names in the data folder. */
export function original(files: CifarFiles): Record<string, Uint8Array> {
  const record = files.labelBytes + 3072;
  const out: Record<string, Uint8Array> = {};
  for (const { name, file, records } of filesOf(files, files)) {
    const bytes = new Uint8Array(records * record);
    for (let i = 0; i < records; i++) {
      const at = i * record;
      bytes[at] = coarseLabelOf(i);
      bytes[at + files.labelBytes - 1] = labelOf(files, file, i);
      bytes.set(planesOf(file, i), at + files.labelBytes);
    }
    out[`${files.folder}/${name}`] = bytes;
  }
  const names = files.hub.classNames.map((name) => `${name}\n`).join("");
  out[`${files.folder}/${files.namesFile}`] = new TextEncoder().encode(`${names}\n`);
  return out;
}

/** The files of the version for Python, as Python 2 pickled them. */
export function pythonVersion(files: CifarFiles): Record<string, Uint8Array> {
  const { python } = files;
  const pickled = filesOf(files, python).map(({ name, file, records }) => {
    const indices = Array.from({ length: records }, (_, i) => i);
    const dict: Record<string, PickleInput> = {
      filenames: indices.map((i) => `${i}.png`),
      batch_label: "a batch",
      [python.labelsKey]: indices.map((i) => labelOf(files, file, i)),
      coarse_labels: indices.map(coarseLabelOf),
      data: {
        shape: [records, 3072],
        bytes: Uint8Array.from(indices.flatMap((i) => [...planesOf(file, i)])),
      },
    };
    return [`${python.folder}/${name}`, pickleOf(dict)] as const;
  });
  const names = { num_vis: 3072, [python.namesKey]: [...files.hub.classNames] };
  return {
    ...Object.fromEntries(pickled),
    [`${python.folder}/${python.namesFile}`]: pickleOf(names),
  };
}

/** How a parquet file is written. */
export interface ParquetForm {
  /** The columns of images and labels. */
  readonly columns: readonly [images: string, labels: string];
  /** Texts beside the columns. Default: none. */
  readonly notes?: Readonly<Record<string, string>>;
}

/** A parquet file of these files' images (by their numbers), in records of PNG bytes, as hubs do. */
export function parquetOf(
  files: CifarFiles,
  numbers: readonly number[],
  { columns: [images, labels], notes = {} }: ParquetForm,
): Uint8Array {
  const { train, test } = files.records;
  const rows = numbers.flatMap((file) =>
    Array.from({ length: file < files.train.length ? train : test }, (_, i) => ({ file, i }))
  );
  const png = ({ file, i }: { file: number; i: number }) => {
    const data = Uint8Array.from({ length: 3072 }, (_, at) => {
      const pixel = Math.floor(at / 3);
      return pixelOf(file, i, pixel >> 5, pixel & 31, at % 3);
    });
    return encode({ width: 32, height: 32, channels: 3, data });
  };
  return new Uint8Array(parquetWriteBuffer({
    columnData: [
      { name: images, data: rows.map((row) => ({ bytes: png(row), path: null })) },
      { name: labels, data: rows.map(({ file, i }) => BigInt(labelOf(files, file, i))) },
    ],
    schema: [
      { name: "schema", num_children: 2 },
      { name: images, num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      {
        name: "path",
        type: "BYTE_ARRAY",
        converted_type: "UTF8",
        repetition_type: "OPTIONAL",
      },
      { name: labels, type: "INT64", repetition_type: "OPTIONAL" },
    ],
    rowGroupSize: 17,
    kvMetadata: Object.entries(notes).map(([key, value]) => ({ key, value })),
  }));
}

/** Writes the folder of the binary version. */
export const writeBinary = (files: CifarFiles, folder: string): void =>
  writeFiles(folder, original(files), "directory");
