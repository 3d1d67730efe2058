import { assertEquals, assertRejects } from "@std/assert";
import { readCocoAnnotations } from "../../../datasets/files/coco_annotations.ts";
import { Failure } from "../../../lib/values/failure.ts";

const images = [
  { id: 9, file_name: "9.jpg", width: 40, height: 30, licence: 1 },
  { id: 4, file_name: "4.jpg", width: 30, height: 40 },
];
const categories = [{ id: 13, name: "stop sign" }, { id: 1, name: "person" }];
const one = { id: 1, image_id: 4, category_id: 13, bbox: [1, 2.5, 3, 4], area: 9.25, iscrowd: 0 };
const annotations = [
  { ...one, segmentation: [[1, 2, 3, 4, 5, 6]] },
  { ...one, id: 2, image_id: 9, iscrowd: 1, segmentation: { counts: [], size: [30, 40] } },
  { ...one, id: 3, bbox: [0, 0, 1, 1] },
];
const whole = { info: { images: [1] }, annotations, images, categories };

/** Reads a text in parts of `length` bytes. */
async function read(text: string, length = 7) {
  const bytes = new TextEncoder().encode(text);
  async function* parts() {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  }
  return await readCocoAnnotations(parts(), "instances.json");
}

async function refuse(change: object): Promise<string> {
  const { exit, message } = await assertRejects(
    () => read(JSON.stringify({ ...whole, ...change })),
    Failure,
  );
  assertEquals(exit, 3);
  return message;
}

Deno.test("COCO's annotations: objects image by image, categories by id, in any parts", async () => {
  for (const length of [1, 7, 1e6]) {
    const found = await read(JSON.stringify(whole, null, 1), length);
    assertEquals(found.images.map(({ id, width }) => [id, width]), [[9, 40], [4, 30]]);
    assertEquals(found.categories.map(({ id }) => id), [1, 13]);
    assertEquals(found.objects, [[0, 1], [1, 3]]);
    assertEquals([...found.annotations].map(({ id }) => id), [2, 1, 3]);
    assertEquals(found.annotations.at(1), { ...one, bbox: [1, 2.5, 3, 4] });
    assertEquals(found.annotations.countCrowds(), 1);
  }
  const none = await read(JSON.stringify({ ...whole, annotations: [] }));
  assertEquals(none.objects, [[0, 0], [0, 0]]);
});

Deno.test("COCO's annotations: what is no JSON or ends early is refused by name", async () => {
  const text = JSON.stringify(whole);
  const broken = [text.slice(0, -1), text.slice(0, 200), "[1, 2", "<html>", `${text}}`];
  for (const part of broken) {
    const { exit, message } = await assertRejects(() => read(part), Failure);
    assertEquals(exit, 3);
    assertEquals(/^instances\.json: it is no JSON or ends early/.test(message), true, message);
  }
});

Deno.test("COCO's annotations: a wrong member, an id twice and unknown ids are named", async () => {
  const wrong = (change: object) =>
    refuse({ annotations: [annotations[0], { ...one, ...change }] });
  assertEquals(
    await wrong({ id: 2, bbox: [1, 2, 3] }),
    "instances.json: annotations[1]: bbox has to be a list of four numbers, not [1,2,3]",
  );
  assertEquals(
    await wrong({ id: 2, bbox: [1, 2, null, 4] }),
    "instances.json: annotations[1]: bbox[2] has to be a number, not null",
  );
  assertEquals(
    await wrong({ id: 2, area: undefined }),
    "instances.json: annotations[1]: area is missing",
  );
  assertEquals(
    await wrong({ id: 1 }),
    "instances.json: two annotations have the id 1: give each its own",
  );
  assertEquals(
    await wrong({ id: 2, image_id: 5 }),
    "instances.json: annotation 2 is in image 5, which is not listed",
  );
  assertEquals(
    await wrong({ id: 2, category_id: 2 }),
    "instances.json: annotation 2 is of category 2, which is not listed",
  );
  assertEquals(
    await refuse({ images: [{ ...images[0], width: 0 }] }),
    "instances.json: images[0]: width has to be a whole number, 1 or more, not 0",
  );
  assertEquals(
    await refuse({ images: [{ ...images[0], id: 2 ** 31 }] }),
    "instances.json: images[0]: id has to be a whole number, 0 … 2³¹ − 1, not 2147483648",
  );
  assertEquals(
    await refuse({ categories: undefined }),
    "instances.json: it has no categories: it is no file of COCO's annotations",
  );
  await assertRejects(() => read(""), Failure, "instances.json: it has no images");
});
