/** Images of different sizes, each padded with zeros on the right and below to one of few shapes. */
export interface PaddedImages {
  /** Height, width and channels of each shape. */
  readonly shapes: readonly (readonly [height: number, width: number, channels: number])[];
  /** The shape of each image, as its place in `shapes`. */
  readonly shapeOf: Uint8Array;
  /** Height and width of each image without its padding, as an evaluation reads it: [images, 2]. */
  readonly sizes: Int32Array;
}

/**
 * Arranges the images of an epoch so that all images of a batch have one shape, in the order in
 * which batches fill up. The number of batches and their sizes stay as they are. At the end, the
 * shape of the first image that is left fills the last batch, with images shown before if it needs
 * to: so fewer images than a batch of each shape may be replaced by others of an epoch.
 */
export function arrangeByShape(
  shuffled: Uint32Array,
  { shapes, shapeOf }: Pick<PaddedImages, "shapes" | "shapeOf">,
  batch: number,
): Uint32Array {
  const arranged: number[] = [];
  const waiting = shapes.map((): number[] => []);
  for (const image of shuffled) {
    const own = waiting[shapeOf[image]];
    own.push(image);
    if (own.length === batch) arranged.push(...own.splice(0));
  }
  const left = new Set(waiting.flat());
  for (const first of shuffled.filter((image) => left.has(image))) {
    const own = waiting[shapeOf[first]];
    if (own[0] !== first) continue;
    const alike = shuffled.filter((image) => shapeOf[image] === shapeOf[first]);
    const missing = batch - own.length;
    arranged.push(...own, ...Array.from({ length: missing }, (_, i) => alike[i % alike.length]));
  }
  return Uint32Array.from(arranged.slice(0, shuffled.length));
}

/** Sorts images by shape, those of one shape in their order. Default: they stay as they are. */
export function sortByShape(images: Uint32Array, padded?: PaddedImages): Uint32Array {
  if (!padded) return images;
  const { shapeOf } = padded;
  // `sort` is stable for arrays only.
  return Uint32Array.from([...images].sort((a, b) => shapeOf[a] - shapeOf[b]));
}
