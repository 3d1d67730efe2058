import { JSONParser } from "@streamparser/json";
import type { CocoAnnotation } from "../../lib/tasks/coco_matching.ts";
import { Failure, messageOf } from "../../lib/values/failure.ts";
import {
  arrayOf,
  count,
  createReader,
  looseObject,
  number,
  readAs,
  type Reader,
  text,
} from "../../lib/values/reader.ts";

/** A photo. */
export interface CocoImage {
  readonly id: number;
  readonly file_name: string;
  readonly width: number;
  readonly height: number;
}

/** A kind of objects. */
export interface CocoCategory {
  readonly id: number;
  readonly name: string;
}

/** What a file `instances_….json` says, without the outlines of objects. */
export interface CocoAnnotations {
  /** In the order of the file. */
  readonly images: readonly CocoImage[];
  /** By id, ascending. */
  readonly categories: readonly CocoCategory[];
  /** The objects of each image, in the order of the file. */
  readonly objects: readonly ObjectRange[];
  /** All objects, image by image. */
  readonly annotations: AnnotationColumns;
}

/** The first object of an image, and the one after its last. */
export type ObjectRange = readonly [first: number, end: number];

const side: Reader<number> = createReader(
  "a whole number, 1 or more",
  (value): value is number => Number.isSafeInteger(value) && Number(value) > 0,
);

/** Ids of images are int32 in a step. */
const imageId: Reader<number> = createReader(
  "a whole number, 0 … 2³¹ − 1",
  (value): value is number => Number(value) >= 0 && value === (Number(value) | 0),
);

const image: Reader<CocoImage> = looseObject<CocoImage>({
  id: imageId,
  file_name: text,
  width: side,
  height: side,
});

const category: Reader<CocoCategory> = looseObject<CocoCategory>({ id: count, name: text });

const numbers = arrayOf(number);

const box: Reader<CocoAnnotation["bbox"]> = (value, at, or) => {
  const four = createReader(
    "a list of four numbers",
    (value): value is [number, number, number, number] =>
      Array.isArray(value) && value.length === 4,
  )(value, at, or);
  numbers(four, at);
  return four;
};

const annotation: Reader<CocoAnnotation> = looseObject<CocoAnnotation>({
  id: count,
  image_id: count,
  category_id: count,
  bbox: box,
  area: number,
  iscrowd: createReader("0 or 1", (value): value is 0 | 1 => value === 0 || value === 1),
});

/** Numbers of objects, column by column: a million take 70 MB. */
export class AnnotationColumns implements Iterable<CocoAnnotation> {
  readonly #ids: number[] = [];
  readonly #images: number[] = [];
  readonly #categories: number[] = [];
  readonly #boxes: number[] = [];
  readonly #areas: number[] = [];
  readonly #crowds: number[] = [];

  /** The number of objects. */
  get length(): number {
    return this.#ids.length;
  }

  /** The number of crowds. */
  countCrowds(): number {
    return this.#crowds.reduce((sum, crowd) => sum + crowd, 0);
  }

  /** Adds an object. */
  push({ id, image_id, category_id, bbox, area, iscrowd }: CocoAnnotation): void {
    this.#ids.push(id);
    this.#images.push(image_id);
    this.#categories.push(category_id);
    this.#boxes.push(...bbox);
    this.#areas.push(area);
    this.#crowds.push(iscrowd);
  }

  /** The object at a place. */
  at(place: number): CocoAnnotation {
    const [x, y, width, height] = this.#boxes.slice(4 * place, 4 * place + 4);
    return {
      id: this.#ids[place],
      image_id: this.#images[place],
      category_id: this.#categories[place],
      bbox: [x, y, width, height],
      area: this.#areas[place],
      iscrowd: this.#crowds[place],
    };
  }

  *[Symbol.iterator](): Generator<CocoAnnotation> {
    for (let place = 0; place < this.length; place++) yield this.at(place);
  }
}

/**
 * Reads a file of annotations part by part, and holds neither its text nor the outlines of objects.
 * Rejects with a `Failure` (exit 3) that names the file if it is no JSON or ends early, if a member
 * is missing or of another kind, if an id is there twice, or if an object is in no image or of no
 * category.
 */
export async function readCocoAnnotations(
  parts: AsyncIterable<Uint8Array>,
  name: string,
): Promise<CocoAnnotations> {
  const refuse = (problem: string) => new Failure(3, `${name}: ${problem}`);
  const images: CocoImage[] = [];
  const categories: CocoCategory[] = [];
  const found = new AnnotationColumns();
  const read = <T>(value: unknown, reader: Reader<T>, what: string): T =>
    readAs(value, reader, (problem) => refuse(`${what}: ${problem}`));
  const parser = new JSONParser({
    paths: ["$.images.*", "$.annotations.*", "$.categories.*"],
    keepStack: false,
  });
  parser.onValue = ({ value, key, stack }) => {
    const list = stack[1].key;
    const what = `${list}[${key}]`;
    if (list === "images") images.push(read(value, image, what));
    else if (list === "categories") categories.push(read(value, category, what));
    else found.push(read(value, annotation, what));
  };
  const parse = (action: () => void) => {
    try {
      action();
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw refuse(`it is no JSON or ends early (${messageOf(error)}): download it again`);
    }
  };
  parser.onError = (error) => {
    throw error;
  };
  for await (const part of parts) parse(() => parser.write(part));
  if (!parser.isEnded) parse(() => parser.end());
  for (const [list, { length }] of Object.entries({ images, categories })) {
    if (length === 0) throw refuse(`it has no ${list}: it is no file of COCO's annotations`);
  }
  checkDistinct(images, "images", refuse);
  checkDistinct(categories, "categories", refuse);
  checkDistinct(found, "annotations", refuse);
  categories.sort((a, b) => a.id - b.id);
  return { images, categories, ...sortByImage(images, categories, found, refuse) };
}

/** Throws if an id is there twice. */
function checkDistinct(
  rows: Iterable<{ readonly id: number }>,
  list: string,
  refuse: (problem: string) => Failure,
): void {
  const ids = new Set<number>();
  for (const { id } of rows) {
    if (ids.has(id)) throw refuse(`two ${list} have the id ${id}: give each its own`);
    ids.add(id);
  }
}

/** Puts the objects of each image together. Throws if one is in no image or of no category. */
function sortByImage(
  images: readonly CocoImage[],
  categories: readonly CocoCategory[],
  found: AnnotationColumns,
  refuse: (problem: string) => Failure,
): Pick<CocoAnnotations, "objects" | "annotations"> {
  const known = new Set(categories.map(({ id }) => id));
  const places = new Map(images.map(({ id }): [number, number[]] => [id, []]));
  let place = 0;
  for (const { id, image_id, category_id } of found) {
    const own = places.get(image_id);
    if (!own) throw refuse(`annotation ${id} is in image ${image_id}, which is not listed`);
    if (!known.has(category_id)) {
      throw refuse(`annotation ${id} is of category ${category_id}, which is not listed`);
    }
    own.push(place++);
  }
  const annotations = new AnnotationColumns();
  const objects = images.map(({ id }): ObjectRange => {
    const first = annotations.length;
    for (const place of places.get(id)!) annotations.push(found.at(place));
    return [first, annotations.length];
  });
  return { objects, annotations };
}
