/** Small photos of coloured rectangles in COCO's layout. */
import { encode } from "fast-png";
import { stream } from "../../lib/values/random.ts";

/** The colour of each category's rectangles. */
const CATEGORIES = [
  { id: 3, name: "red", colour: [230, 30, 30] },
  { id: 7, name: "blue", colour: [30, 30, 230] },
];

/** Landscapes and portraits. */
const SIDES = [[64, 48], [48, 64]] as const;

/** COCO's annotations and photos, by their paths below the data set's folder. */
export function toyCoco(train: number, test: number): Record<string, Uint8Array> {
  return { ...part("train2017", train, 1), ...part("val2017", test, 1000) };
}

function part(name: string, count: number, first: number): Record<string, Uint8Array> {
  const random = stream(1, name);
  const files: Record<string, Uint8Array> = {};
  const images = [];
  const annotations = [];
  for (let i = 0; i < count; i++) {
    const [width, height] = SIDES[i % SIDES.length];
    const image = { id: first + i, file_name: `${first + i}.png`, width, height };
    const data = new Uint8Array(width * height * 3).fill(128);
    for (let object = 0; object <= i % 2; object++) {
      const { id: category_id, colour } = CATEGORIES[random.below(CATEGORIES.length)];
      const [w, h] = [12 + random.below(12), 12 + random.below(12)];
      const [x, y] = [object * 24 + random.below(24 - w + 1), random.below(height - h)];
      for (let row = y; row < y + h; row++) {
        for (let column = x; column < x + w; column++) {
          data.set(colour, 3 * (row * width + column));
        }
      }
      const box = { bbox: [x, y, w, h], area: w * h, iscrowd: 0 };
      annotations.push({ id: annotations.length + 1, image_id: image.id, category_id, ...box });
    }
    images.push(image);
    files[`${name}/${image.file_name}`] = encode({ width, height, channels: 3, data });
  }
  const categories = CATEGORIES.map(({ id, name }) => ({ id, name }));
  const json = JSON.stringify({ images, categories, annotations });
  files[`annotations/instances_${name}.json`] = new TextEncoder().encode(json);
  return files;
}
