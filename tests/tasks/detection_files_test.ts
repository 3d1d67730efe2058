import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import jpeg from "jpeg-js";
import { readBoxLabels } from "../../lib/tasks/box_labels.ts";
import type { CocoDetection } from "../../lib/tasks/coco_matching.ts";
import { detectionFiles } from "../../lib/tasks/detection_files.ts";
import { detectionTally } from "../../lib/tasks/detection_tally.ts";
import { stream } from "../../lib/values/random.ts";
import { boxImages, CANVAS, type Found, object, valuesOf } from "../support/box_images.ts";
import { needsPython, runPython } from "../support/python.ts";

type Split = ReturnType<typeof boxImages>;

/** The files about the images of a split, in batches of two. */
async function filesOf(
  split: Split,
  found: readonly (readonly Found[])[],
  { classes = ["background", "a", "b", "c"], pictures = 12 } = {},
): Promise<ReadonlyMap<string, string>> {
  const tally = detectionFiles(classes, split, pictures);
  for (let start = 0; start < split.size; start += 2) {
    const indices = Int32Array.of(start, start + 1).filter((index) => index < split.size);
    const image = {
      shape: [indices.length, CANVAS, CANVAS, 3],
      data: await split.read(indices),
    };
    tally.add(valuesOf([...indices].map((index) => found[index])), {
      image,
      ...readBoxLabels(split, indices),
    });
  }
  return tally.result();
}

function resultsIn(files: ReadonlyMap<string, string>): CocoDetection[] {
  return JSON.parse(files.get("results.json")!);
}

/** Photos as they are. */
function plain(count: number): { id: number; photo: [number, number]; size: [number, number] }[] {
  return Array.from({ length: count }, (_, i) => ({
    id: 100 + i,
    photo: [100, 100],
    size: [100, 100],
  }));
}

Deno.test("detectionFiles: results.json has all detections in COCO's format, a line each", async () => {
  const split = boxImages([{ id: 31, photo: [200, 400], size: [100, 100] }], [5, 9, 8], []);
  const files = await filesOf(split, [[[0.75, 2, [10, 10, 30, 40]], [0.125, 1, [0, 0, 1, 2]]]]);
  assertEquals(
    files.get("results.json"),
    `[
{"image_id":31,"category_id":8,"bbox":[40,20,80,60],"score":0.75},
{"image_id":31,"category_id":5,"bbox":[0,0,4,4],"score":0.125}
]
`,
  );
  assertEquals(resultsIn(await filesOf(split, [[]])), []);
});

Deno.test("detectionFiles: pictures of so many images, spread evenly", async () => {
  const split = boxImages(plain(9), [1, 2, 3], []);
  const names = async (pictures: number) =>
    [...(await filesOf(split, new Array(9).fill([]), { pictures })).keys()].slice(1);
  assertEquals(await names(3), ["102.svg", "105.svg", "108.svg"]);
  assertEquals(await names(0), []);
  assertEquals((await names(12)).length, 9);
});

Deno.test("detectionFiles: a picture has the photo without padding, the objects and the best detections", async () => {
  const split = boxImages(
    [{ id: 7, photo: [60, 120], size: [48, 96] }],
    [1, 2, 3],
    [object(1, 7, 1, [10, 10, 30, 40]), object(2, 7, 2, [60, 0, 60, 60], 1)],
    200,
  );
  const files = await filesOf(split, [[
    [0.9, 1, [8, 8, 32, 40]],
    [0.8, 1, [8, 8, 31, 40]],
    [0.5, 2, [60, 10, 80, 30]],
    [0.25, 3, [0, 0, 20, 20]],
  ]], { classes: ["background", "<a> & b", "crowded", "unsure"] });
  const svg = files.get("7.svg")!;
  const [, photo] = svg.match(/data:image\/jpeg;base64,([^"]+)"/)!;
  const { width, height, data } = jpeg.decode(Uint8Array.fromBase64(photo));
  assertEquals([width, height], [96, 48]);
  for (const value of data.filter((_, i) => i % 4 < 3)) assertAlmostEquals(value, 200, 2);

  const [, truth, detections] = svg.split("<g transform=");
  const texts = (half: string) =>
    Array.from(half.matchAll(/<text[^>]*textLength[^>]*>([^<]*)</g), ([, text]) => text);
  assertEquals(texts(truth), ["crowded (crowd)", "&#60;a&#62; &#38; b"]);
  assertEquals(texts(detections), [
    "crowded 0.50",
    "&#60;a&#62; &#38; b 0.80",
    "&#60;a&#62; &#38; b 0.90",
  ]);
  assert(truth.includes(">2 objects<"));
  assert(detections.includes(">3 of 4 score 0.3 or more; dashed: no such object there<"));
  // 120 pixels of the photo are 640 of the picture. The second find of one object is a miss.
  const boxes = (half: string) =>
    Array.from(half.matchAll(/<rect x="([^"]+)" y="([^"]+)"[^>]*hsl[^>]*>/g)).filter(([rect]) =>
      rect.includes('fill="none"')
    );
  assertEquals(boxes(truth).map(([, x, y]) => [x, y]), [["320", "0"], ["53.3", "53.3"]]);
  assertEquals(boxes(detections).map(([rect]) => rect.includes("dasharray")), [false, true, false]);
});

/** Photos of all shapes with crowds, empty images, and detections near objects or nowhere. */
function randomSplit(seed: number): { split: Split; found: Found[][] } {
  const { uniform, below } = stream(seed, "files");
  const images = Array.from({ length: 7 }, (_, i) => {
    const photo = [50 + below(300), 50 + below(300)] as const;
    return { id: 11 * i + 3, photo, size: [20 + below(100), 20 + below(100)] as const };
  });
  const categories = [90, 3, 17];
  const annotations = Array.from({ length: 25 }, (_, i) => {
    const { id, photo: [height, width] } = images[below(6)];
    const [x, y] = [uniform() * width / 2, uniform() * height / 2];
    const box = [x, y, uniform() * width / 2, uniform() * height / 2] as const;
    return object(i + 1, id, categories[below(3)], box, Number(uniform() < 0.15));
  });
  const ranks = [3, 17, 90];
  const found = images.map(({ id, photo, size }) => {
    const [down, across] = [size[0] / photo[0], size[1] / photo[1]];
    return annotations.filter(({ image_id }) => image_id === id).slice(0, 4).map((one): Found => {
      const [x, y, w, h] = one.bbox;
      const moved = 1 + 0.3 * uniform();
      const box = [x * across, y * down, (x + w * moved) * across, (y + h) * down] as const;
      const label = uniform() < 0.1 ? 1 + below(3) : ranks.indexOf(one.category_id) + 1;
      return [Math.max(0.05, uniform()), label, box];
    }).sort(([a], [b]) => b - a);
  });
  return { split: boxImages(images, categories, annotations), found };
}

await needsPython(
  ["pycocotools"],
  "detectionFiles: pycocotools gives results.json the score of the tally, to 1e-10",
  async () => {
    const cases = Array.from({ length: 8 }, (_, seed) => randomSplit(seed));
    const wanted = await runPython(
      "evaluate_coco.py",
      [],
      await Promise.all(cases.map(async ({ split, found }) => ({
        instances: split.instances,
        results: resultsIn(await filesOf(split, found, { pictures: 0 })),
      }))),
    ) as { readonly stats: readonly number[] }[];
    cases.forEach(({ split, found }, i) => {
      const tally = detectionTally(split);
      tally.add(valuesOf(found), readBoxLabels(split, Int32Array.from(found.keys())));
      Object.values(tally.result()).forEach((value, k) => {
        assertAlmostEquals(value < 0 ? value : value / 100, wanted[i].stats[k], 1e-10);
      });
      assert(wanted[i].stats[0] > 0.1, "something is found");
    });
  },
);
