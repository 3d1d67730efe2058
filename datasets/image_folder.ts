import type { Dataset, Mix, Opened, Split } from "../lib/dataset.ts";
import { Failure } from "../lib/failure.ts";
import { reason } from "../lib/reason.ts";
import { staysInside } from "../lib/stays_inside.ts";
import { declare, type ImageOptions, whole } from "./declare.ts";
import { type Image, imageDecoder, square } from "./image.ts";
import { openTree, type Tree } from "./tree.ts";

/** Options of `imageFolder`. */
export interface ImageFolderOptions<M extends Mix | undefined = undefined, V extends string = never>
  extends ImageOptions<M, V> {
  /** A directory or a `.zip` in the data folder, e.g. `cifar10-jpeg.zip`. */
  readonly folder: string;
  /** The folder in it that has a folder of training images for each class; `train` by default. */
  readonly train?: string;
  /** The same for the images that are reported on; `test` by default. */
  readonly test?: string;
  /** Height and width of the images in pixels, 32 by default. Others are cut to their central square and scaled, bilinear with antialiasing. */
  readonly size?: number;
}

/** Up to so many bytes a split's decoded images are kept. */
const KEPT = 2 ** 30;

/**
 * JPEG and PNG files in one folder per class (at any depth below it, case of the ending ignored), in a directory or a
 * zip of the data folder. The classes are the folders' names, sorted, and have to be the same in `train` and `test`.
 * By default: crops with 4 pixels of padding, flips, and ImageNet's means and deviations.
 */
export function imageFolder<M extends Mix | undefined = undefined, V extends string = never>(
  { folder, train = "train", test = "test", size = 32, ...options }: ImageFolderOptions<M, V>,
): Dataset<M, V> {
  whole("imageFolder", "size", size, 1);
  for (const [option, name] of Object.entries({ folder, train, test })) {
    if (!staysInside(name) || name.endsWith("/")) {
      throw new Failure(
        2,
        `imageFolder: \`${option}\` is ${JSON.stringify(name)}; it has to be a path inside, like a/b`,
      );
    }
  }
  const defaults = { crop: 4, flip: true, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
  const declared = declare("imageFolder", { folder, train, test, size }, defaults, options, async (data) => {
    const tree = await openTree(`${data}/${folder}`);
    try {
      return await open(tree, train, test, size);
    } catch (error) {
      tree.close();
      throw error;
    }
  });
  return { ...declared, resize: "cut to the central square, then scaled (bilinear, with antialiasing)" };
}

async function open(tree: Tree, train: string, test: string, size: number): Promise<Opened> {
  const trained = imagesByClass(tree, train), tested = imagesByClass(tree, test);
  const classes = [...trained.keys()].sort();
  for (const [here, there, name] of [[trained, tested, test], [tested, trained, train]] as const) {
    const missing = [...here.keys()].find((one) => !there.has(one));
    if (missing !== undefined) throw new Failure(3, `${tree.path}: there is no class ${missing} below ${name}`);
  }
  const decode = await imageDecoder();
  const split = (images: ReadonlyMap<string, string[]>) => imageSplit(tree, classes, images, size, decode);
  return { classes, image: [size, size, 3], train: split(trained), test: split(tested), close: () => tree.close() };
}

/** The image files of each class folder, sorted by name; what is hidden or no image is passed over. */
function imagesByClass(tree: Tree, folder: string): Map<string, string[]> {
  const images = new Map<string, string[]>();
  for (const name of tree.names(folder)) {
    const below = name.slice(folder.length + 1), [label, ...inner] = below.split("/");
    if (inner.length === 0 || /(^|\/)\./.test(below)) continue;
    const files = images.get(label) ?? [];
    if (/\.(jpe?g|png)$/i.test(name)) files.push(name);
    images.set(label, files);
  }
  if (images.size === 0) throw new Failure(3, `${tree.path} has no folders of classes below ${folder}`);
  for (const [label, files] of images) {
    if (files.length === 0) throw new Failure(3, `${tree.path}: class ${label} has no JPEG or PNG below ${folder}`);
    files.sort();
  }
  return images;
}

function imageSplit(
  tree: Tree,
  classes: readonly string[],
  images: ReadonlyMap<string, readonly string[]>,
  size: number,
  decode: (bytes: Uint8Array) => Image,
): Split {
  const names = classes.flatMap((label) => images.get(label)!);
  const bytes = size * size * 3;
  const kept = names.length * bytes <= KEPT ? new Uint8Array(names.length * bytes) : undefined;
  const known = new Uint8Array(names.length);
  const decoded = (index: number): Uint8Array => {
    const file = tree.read(names[index]);
    try {
      return square(decode(file), size);
    } catch (error) {
      throw new Failure(3, `${tree.path}: ${names[index]} is broken (${reason(error)}): replace it or remove it`);
    }
  };
  const pixels = (index: number): Uint8Array => {
    if (!kept) return decoded(index);
    const place = kept.subarray(index * bytes, (index + 1) * bytes);
    if (!known[index]) {
      place.set(decoded(index));
      known[index] = 1;
    }
    return place;
  };
  return {
    size: names.length,
    labels: Int32Array.from(classes.flatMap((label, i) => images.get(label)!.map(() => i))),
    read: (indices) =>
      Promise.try(() => {
        const out = new Uint8Array(indices.length * bytes);
        for (let i = 0; i < indices.length; i++) out.set(pixels(indices[i]), i * bytes);
        return out;
      }),
  };
}
