/**
 * What a run learned from, in little: enough to say later whether the images are still the same.
 *
 * Names of classes, counts, labels and names of files are compared as they are. Contents are
 * compared where a file's stamp differs: size, times, and where it lies on the disk. So a data set
 * that was moved or copied is the same one. Of more than 1 GiB only a sample of the files is looked
 * at, always the same. It cannot show that another file was replaced under its name.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Task } from "../tasks/task.ts";
import { Failure } from "../values/failure.ts";
import { hashName } from "../values/random.ts";
import {
  arrayOf,
  count,
  createReader,
  looseObject,
  nullable,
  type Reader,
  text,
} from "../values/reader.ts";
import type { FileLook, OpenDataset, Split } from "./dataset.ts";

/** The images of a class in a split. Texts are digests, in 16 hexadecimal digits. */
export type ClassFacts = {
  /** The number of images. */
  readonly images: number;
  /** The names of the files, in order. */
  readonly names: string;
  /** The stamps of the files in the sample; `null` if there are none. */
  readonly stamps: string | null;
  /** The sizes and contents of the files in the sample. */
  readonly contents: string;
};

/** The images of a split, before it is cut down. */
export type SplitFacts = {
  /** A digest of all labels, as the task reads them. */
  readonly labels: string;
  /** The images of each class, in the order of the classes. */
  readonly classes: readonly ClassFacts[];
};

/** What tells an opened data set from another one. */
export type DataFacts = {
  /** Height, width and channels of an image. */
  readonly image: OpenDataset["image"];
  /** The names of the classes, in order. */
  readonly classes: readonly string[];
  readonly train: SplitFacts;
  readonly test: SplitFacts;
};

/** What a run learned from. */
export interface Learned {
  /** The name of the run in messages. */
  readonly by: string;
  readonly facts: DataFacts;
}

/** Bytes of images beyond which only a sample of them is looked at. */
const MOST_BYTES = 2 ** 30;

/** Files that are read at the same time. */
const AT_ONCE = 32;

/**
 * Compares an opened data set with what runs recorded. It looks at files and reads them when that
 * is first needed, and once. The data set has to be open meanwhile.
 */
export class Fingerprint {
  readonly #opened: OpenDataset;
  readonly #task: Task;
  readonly #most: number;
  #facts: Promise<DataFacts> | undefined;
  #train: SplitPrint | undefined;
  #test: SplitPrint | undefined;

  /** `most` is the size of the sample in bytes. Default: 1 GiB. */
  constructor(opened: OpenDataset, task: Task, most: number = MOST_BYTES) {
    this.#opened = opened;
    this.#task = task;
    this.#most = most;
  }

  /** What a run records. Reads the sample. Rejects with a `Failure` (exit 3) if that fails. */
  facts(): Promise<DataFacts> {
    return this.#facts ??= this.#gather();
  }

  async #gather(): Promise<DataFacts> {
    const { image, classes } = this.#opened;
    const { train, test } = this.#splits;
    return { image, classes, train: await train.facts(), test: await test.facts() };
  }

  /** A digest of everything but stamps, the same at every place: 16 hexadecimal digits. */
  async digest(): Promise<string> {
    const { train, test, ...same } = await this.facts();
    const lasting = ({ labels, classes }: SplitFacts) => ({
      labels,
      classes: classes.map(({ images, names, contents }) => ({ images, names, contents })),
    });
    return digest([JSON.stringify({ ...same, train: lasting(train), test: lasting(test) })]);
  }

  /**
   * Compares the data set with the one that a run learned from. Reads files only if their stamps
   * differ. Rejects with a `Failure` (exit 3) that says what has changed.
   */
  async check({ by, facts }: Learned): Promise<void> {
    const changes = await this.changes(facts);
    if (changes.length > 0) throw otherData(by, changes);
  }

  /**
   * Compares the order of the classes with those that a run learned. Throws a `Failure` (exit 3) if
   * they are the same ones in another order. Other classes are another matter.
   */
  checkOrder({ by, facts }: Learned): void {
    const { classes } = this.#opened;
    const sorted = (names: readonly string[]) =>
      String(names.map((name) => name.normalize()).sort());
    const moved = listRenamed(facts.classes, classes);
    if (moved.length > 0 && sorted(classes) === sorted(facts.classes)) throw otherData(by, moved);
  }

  /** Says what has changed since a run learned from the data set. Reads as `check` does. */
  async changes(before: DataFacts): Promise<string[]> {
    const { image, classes } = this.#opened;
    const { train, test } = this.#splits;
    const renamed = listRenamed(before.classes, classes);
    if (renamed.length > 0) return renamed;
    if (String(before.image) !== String(image)) {
      return [`images are ${image.join("×")}, were ${before.image.join("×")}`];
    }
    return [
      ...await train.changes(before.train, classes, "training"),
      ...await test.changes(before.test, classes, "test"),
    ];
  }

  get #splits(): { readonly train: SplitPrint; readonly test: SplitPrint } {
    const { train, test } = this.#opened;
    const print = (split: Split) => new SplitPrint(split, this.#opened, this.#task, this.#most);
    return { train: this.#train ??= print(train), test: this.#test ??= print(test) };
  }
}

/** A message lists so many changes at most. */
const MOST_LISTED = 3;

/** The failure of a run whose data have changed. */
function otherData(by: string, changes: readonly string[]): Failure {
  const more = changes.length - MOST_LISTED;
  const listed = [...changes.slice(0, MOST_LISTED), ...more > 0 ? [`${more} more changes`] : []];
  return new Failure(
    3,
    `${by} learned from other data than there are now: ${listed.join("; ")}. ` +
      `Put those back, or train ${by} again with --fresh`,
  );
}

/** Says which classes are others than before, or at another place. */
function listRenamed(before: readonly string[], now: readonly string[]): string[] {
  return Array.from({ length: Math.max(before.length, now.length) }, (_, i) => i)
    .filter((i) => before[i]?.normalize() !== now[i]?.normalize())
    .map((i) => {
      if (before[i] === undefined) return `class ${i} is ${now[i]}, was not there`;
      return `class ${i} was ${before[i]}, is ${now[i] ?? "gone"}`;
    });
}

/** A part of a data set, whole, as its `take` has not cut it down. */
class SplitPrint {
  readonly #split: Split;
  readonly #images: readonly (readonly number[])[];
  readonly #labels: string;
  readonly #pixels: number;
  readonly #most: number;
  #sample: Sample | undefined;
  #contents: Promise<string[]> | undefined;

  constructor(
    split: Split,
    { image, classes }: Pick<OpenDataset, "image" | "classes">,
    task: Task,
    most: number,
  ) {
    this.#split = wholeOf(split);
    this.#most = most;
    this.#pixels = image.reduce((a, b) => a * b, 1);
    this.#labels = digestLabels(this.#split, task);
    const images = classes.map((): number[] => []);
    this.#split.labels.forEach((label, i) => images[label]?.push(i));
    this.#images = images;
  }

  async facts(): Promise<SplitFacts> {
    const stamps = this.#stamps();
    const contents = await this.#read();
    const classes = this.#images.map((images, i): ClassFacts => ({
      images: images.length,
      names: this.#names(i),
      stamps: stamps[i],
      contents: contents[i],
    }));
    return { labels: this.#labels, classes };
  }

  async changes(before: SplitFacts, names: readonly string[], kind: string): Promise<string[]> {
    const counts = this.#images.flatMap(({ length }, i) => {
      const { images = 0 } = before.classes[i] ?? {};
      if (length === images) return [];
      return [`class ${names[i]} has ${length} ${kind} images, had ${images}`];
    });
    if (counts.length > 0) return counts;
    const otherNames = before.classes.flatMap(({ names: old }, i) =>
      old === this.#names(i) ? [] : [`${kind} images of class ${names[i]} have other file names`]
    );
    if (otherNames.length > 0) return otherNames;
    if (before.labels !== this.#labels) return [`${kind} images have other labels`];
    const stamps = this.#stamps();
    if (before.classes.every((old, i) => old.stamps !== null && old.stamps === stamps[i])) {
      return [];
    }
    const contents = await this.#read();
    return before.classes.flatMap(({ contents: old }, i) => {
      if (old === contents[i]) return [];
      const former = before.classes.findIndex((other) => other.contents === contents[i]);
      return former < 0
        ? [`${kind} images of class ${names[i]} have other contents`]
        : [`class ${names[i]} has the ${kind} images that class ${names[former]} had`];
    });
  }

  #names(label: number): string {
    const { files } = this.#split;
    return digest(this.#images[label].map((i) => files ? files.names[i].normalize() : String(i)));
  }

  /** A digest for each class of its files' stamps in the sample. */
  #stamps(): (string | null)[] {
    const sample = this.#look();
    if (sample.values().every(({ stamp }) => stamp === undefined)) {
      return this.#images.map(() => null);
    }
    return this.#digests(new Map(Array.from(sample, ([i, { stamp = "" }]) => [i, stamp])));
  }

  /** A digest for each class of the texts of its images that have one. */
  #digests(texts: ReadonlyMap<number, string>): string[] {
    return this.#images.map((images) => digest(images.flatMap((i) => texts.get(i) ?? [])));
  }

  /** Looks at the images of the sample. */
  #look(): Sample {
    return this.#sample ??= sampleOf(this.#split, this.#pixels, this.#most);
  }

  /** A digest for each class of the contents of its images in the sample. */
  #read(): Promise<string[]> {
    return this.#contents ??= this.#readAll();
  }

  async #readAll(): Promise<string[]> {
    const sample = this.#look();
    const indices = [...sample.keys()].sort((a, b) => a - b);
    const contents = new Map<number, string>();
    for (let from = 0; from < indices.length; from += AT_ONCE) {
      const some = indices.slice(from, from + AT_ONCE);
      const sums = await Promise.all(some.map((i) => checksumOf(this.#split, i)));
      some.forEach((i, at) => contents.set(i, `${sample.get(i)!.size} ${sums[at]}`));
    }
    return this.#digests(contents);
  }
}

/** The images that are looked at, by index. */
type Sample = ReadonlyMap<number, FileLook>;

/**
 * Looks at the images of a split in an order that depends on their names only, until `most` bytes
 * are reached. An image without a file has `pixels` bytes.
 */
function sampleOf({ size, files }: Split, pixels: number, most: number): Sample {
  // A number holds the key and the index, both exact: a million sort fast without a comparison.
  const order = Float64Array.from(
    { length: size },
    (_, i) => hashName(files?.names[i].normalize() ?? String(i)) % 2 ** 20 * size + i,
  ).sort();
  const sample = new Map<number, FileLook>();
  let bytes = 0;
  for (const position of order) {
    const i = position % size;
    const look = files ? files.look(i) : { size: pixels };
    bytes += look.size;
    if (bytes > most && sample.size > 0) break;
    sample.set(i, look);
  }
  return sample;
}

/** The CRC-32 of an image's file, or of its pixels. */
async function checksumOf(split: Split, index: number): Promise<number> {
  return split.files ? await split.files.checksum(index) : crc32(await split.read([index]));
}

/** The split that this one is a part of, directly or not. */
function wholeOf(split: Split): Split {
  return split.partOf ? wholeOf(split.partOf.split) : split;
}

/** A digest of a split's labels. */
function digestLabels(split: Split, task: Task): string {
  const labels = task.readLabels(split, Int32Array.from({ length: split.size }, (_, i) => i));
  const hash = createHash("sha256");
  for (const [name, { data: { buffer, byteOffset, byteLength } }] of Object.entries(labels)) {
    hash.update(name).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex").slice(0, 16);
}

/** A digest of texts in order, in 16 hexadecimal digits. */
function digest(texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 16);
}

const imageSize = createReader(
  "height, width and channels",
  (value): value is OpenDataset["image"] =>
    Array.isArray(value) && value.length === 3 && value.every(Number.isInteger),
);

const classFacts: Reader<ClassFacts> = looseObject<ClassFacts>({
  images: count,
  names: text,
  stamps: nullable(text),
  contents: text,
});

const splitFacts: Reader<SplitFacts> = looseObject<SplitFacts>({
  labels: text,
  classes: arrayOf(classFacts),
});

/** Reads what a run recorded. */
export const readDataFacts: Reader<DataFacts> = looseObject<DataFacts>({
  image: imageSize,
  classes: arrayOf(text),
  train: splitFacts,
  test: splitFacts,
});
