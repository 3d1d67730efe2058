import { dataFolderHint } from "../../lib/files/data_folder.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";
import { imageDecoder } from "../images/image.ts";
import type { ByteImage } from "../../lib/data/bytes/byte_image.ts";
import { checkLabels, type CifarBatch, type CifarImages, PLANE } from "./cifar_batch.ts";
import type { CifarFiles } from "./cifar_files.ts";
import { openParquet, type Parquet } from "./parquet.ts";

/** The parquet files of a CIFAR data set. */
export interface CifarParquet {
  /** Their folder. */
  readonly path: string;
  /** The paths of the files of training images, in order. */
  readonly train: readonly string[];
  /** The paths of the files of test images, in order. */
  readonly test: readonly string[];
}

type Part = "train" | "test";

/** The columns of images, whose names differ by age. */
const IMAGES = ["img", "image"];

/**
 * The folders of hubs below a folder of the data folder. Others are not searched: a data folder may
 * have folders with a million images.
 */
const HUB_FOLDER = /^(data|default|plain_text|snapshots|train|test|[0-9a-f]{40}|.*cifar.*)$/i;

/**
 * A file of training or test images, `cifar100/train-00000-of-00001.parquet` or
 * `data/train/0000.parquet`, and what stands before that in its path.
 */
const PARQUET = /^(?:(.*)\/)?(train|test)[^/]*(?:\/[^/]*)?\.parquet$/i;

/**
 * Finds the parquet files of a data set in the data folder or in a folder of it, as hubs name them.
 * They are the data set's if their path has its name, or else if they have its column of labels or
 * the names of its classes. `undefined` if there are none. Rejects with a `Failure` (exit 3) if a
 * file of that name cannot be read.
 */
export async function findParquet(
  files: CifarFiles,
  folder: string,
): Promise<CifarParquet | undefined> {
  const found = new Map<string, Record<Part, string[]>>();
  for (const path of (await Array.fromAsync(parquetIn(folder))).sort()) {
    const [, group = "", part] = PARQUET.exec(path) ?? [];
    if (part === undefined) continue;
    const parts = found.get(group) ?? { train: [], test: [] };
    parts[part.toLowerCase() as Part].push(`${folder}/${path}`);
    found.set(group, parts);
  }
  for (const [group, parts] of found) {
    if (!await belongs(files, group, parts)) continue;
    return { path: group ? `${folder}/${group}` : folder, ...parts };
  }
  return undefined;
}

/** Lists the parquet files below a folder by their paths in it. */
async function* parquetIn(folder: string, below = ""): AsyncGenerator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(`${folder}/${below}`));
  } catch {
    // It is not there, is a file or is somebody else's.
    return;
  }
  for (const { name, isFile } of entries) {
    if (name.startsWith(".")) continue;
    if (name.toLowerCase().endsWith(".parquet")) yield below + name;
    // Hubs' caches link to the files' real place.
    else if (!isFile && (below === "" || HUB_FOLDER.test(name))) {
      yield* parquetIn(folder, `${below}${name}/`);
    }
  }
}

async function belongs(
  { hub }: CifarFiles,
  group: string,
  { train, test }: Record<Part, string[]>,
): Promise<boolean> {
  const place = group.toLowerCase().replace(/[^a-z0-9/]/g, "");
  const isNamed = hub.place.test(place);
  if (!isNamed && place.includes("cifar")) return false;
  const [path] = [...train, ...test];
  try {
    using file = await openParquet(path, again(path));
    const columns = columnsOf(hub, file);
    return columns !== undefined &&
      (isNamed || columns.labels !== "label" || hasClasses(file, hub.classNames));
  } catch (error) {
    if (isNamed) throw error;
    return false;
  }
}

/** The file's columns of images and of labels. `undefined` if it lacks one. */
function columnsOf(
  hub: CifarFiles["hub"],
  { columns }: Parquet,
): { readonly images: string; readonly labels: string } | undefined {
  const images = IMAGES.find((name) => columns.includes(name));
  const labels = hub.labelColumns.find((name) => columns.includes(name));
  return images !== undefined && labels !== undefined ? { images, labels } : undefined;
}

/** Whether the features that `datasets` notes have these classes. It misspells one, `cra`. */
function hasClasses({ notes }: Parquet, classes: readonly string[]): boolean {
  const features = notes.get("huggingface") ?? "";
  const missing = classes.filter((name) => !features.includes(JSON.stringify(name)));
  return missing.length <= 1;
}

/**
 * Reads the images of parquet files, and puts them in the order of the authors' files where their
 * labels tell it: hubs have the training files of CIFAR-10 in another order. Logs a line for a split
 * in an order of its own. Rejects with a `Failure` (exit 3) that names the file if one is missing or
 * wrong.
 */
export async function readParquet(
  files: CifarFiles,
  found: CifarParquet,
  log: (line: string) => void,
): Promise<CifarImages> {
  const { records, hub } = files;
  const part = async (part: Part) => {
    const batches = await readBatches(files, found, part);
    const ordered = inOrder(batches, hub.firstLabels[part]);
    if (!ordered) {
      log(
        `${found.path}: the ${part} images are not in the order of the authors' files: ` +
          "a trial with them differs from one with those",
      );
    }
    return ordered ?? batches;
  };
  const images = files.train.length * records.train + files.test.length * records.test;
  log(`${found.path}: decoding ${images.toLocaleString("en")} images`);
  return { classes: hub.classNames, train: await part("train"), test: await part("test") };
}

/** Reads the images of a split as they come, in batches of the size of the authors' files. */
async function readBatches(
  files: CifarFiles,
  found: CifarParquet,
  part: Part,
): Promise<CifarBatch[]> {
  const { path: folder, [part]: paths } = found;
  const perBatch = files.records[part];
  const size = files[part].length * perBatch;
  await checkSize(folder, part, paths, size);
  const batches = files[part].map((): CifarBatch & { labels: number[] } => ({
    path: folder,
    labels: [],
    bytes: new Uint8Array(perBatch * 3 * PLANE),
    record: 3 * PLANE,
    start: 0,
  }));
  const decode = await imageDecoder();
  let image = 0;
  for (const path of paths) {
    for await (const [bytes, label] of readRows(path, files.hub)) {
      const { labels, bytes: planes, record } = batches[Math.floor(image / perBatch)];
      try {
        putPlanes(decode(bytesOf(bytes)), planes, labels.length * record);
      } catch (error) {
        const reason = `${path}: ${part} image ${image} is broken (${messageOf(error)})`;
        throw new Failure(3, `${reason}: ${again(path)}`, { cause: error });
      }
      labels.push(typeof label === "bigint" || typeof label === "number" ? Number(label) : NaN);
      image++;
    }
  }
  for (const batch of batches) checkLabels(batch, files.classes, again(folder));
  const classes = new Set(batches.flatMap(({ labels }) => labels)).size;
  if (classes !== files.classes) {
    throw new Failure(
      3,
      `${folder}: the ${part} images have ${classes} classes, expected ${files.classes}: ` +
        again(folder),
    );
  }
  return batches;
}

/** Rejects with a `Failure` (exit 3) unless the files have `size` images together. */
async function checkSize(
  folder: string,
  part: Part,
  paths: readonly string[],
  size: number,
): Promise<void> {
  let has = 0;
  for (const path of paths) {
    using file = await openParquet(path, again(path));
    has += file.size;
  }
  if (has === size) return;
  throw new Failure(
    3,
    `${folder} has ${has} ${part} images in ${paths.length} parquet files, expected ${size}: ` +
      again(folder),
  );
}

/** Reads the image and the label of each row. */
async function* readRows(path: string, hub: CifarFiles["hub"]): AsyncGenerator<readonly unknown[]> {
  using file = await openParquet(path, again(path));
  const columns = columnsOf(hub, file);
  if (columns) return yield* file.rows([columns.images, columns.labels]);
  throw new Failure(
    3,
    `${path} has the columns ${file.columns.join(", ")}, expected ${IMAGES.join(" or ")} ` +
      `and ${hub.labelColumns.join(" or ")}: ${again(path)}`,
  );
}

/** The bytes of an image's file: a column of bytes, or one of records with them. */
function bytesOf(image: unknown): Uint8Array {
  if (image instanceof Uint8Array) return image;
  if (typeof image === "object" && image !== null && "bytes" in image) return bytesOf(image.bytes);
  throw new Error("its column has no bytes");
}

/** Writes the planes of an image. Throws an Error if it is not one of 32 × 32 pixels. */
function putPlanes({ width, height, data }: ByteImage, planes: Uint8Array, at: number): void {
  if (width !== 32 || height !== 32) {
    throw new Error(`it has ${height} × ${width} pixels, expected 32 × 32`);
  }
  for (let i = 0; i < PLANE; i++) {
    planes[at + i] = data[3 * i];
    planes[at + PLANE + i] = data[3 * i + 1];
    planes[at + 2 * PLANE + i] = data[3 * i + 2];
  }
}

/**
 * Sorts batches by the first labels of the authors' files. `undefined` if they are others, or in
 * other batches.
 */
function inOrder(
  batches: readonly CifarBatch[],
  firstLabels: readonly (readonly number[])[],
): CifarBatch[] | undefined {
  const sorted = firstLabels.flatMap((first) =>
    batches.find(({ labels }) => first.every((label, i) => labels[i] === label)) ?? []
  );
  return new Set(sorted).size === batches.length ? sorted : undefined;
}

const again = (path: string) =>
  `get it again, or remove ${path} and run again to use another version; ${dataFolderHint}`;
