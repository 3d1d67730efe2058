import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { readFeatures } from "../../lib/evaluation/features.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { subjectOf } from "../support/subject.ts";
import { assertNear } from "../support/tolerance.ts";
import { CLASSES, small } from "../support/toy.ts";

const dataset = synthetic({ size: 8, train: 12, test: 7, classes: CLASSES });
const { subject, options } = subjectOf(small, dataset);

await needs(everything, "readFeatures: the head makes the logits of the features", async () => {
  const found = await readFeatures(subject, { ...options, evalBatch: 3 });
  const { features, logits, images, labels, classes } = found;
  const width = 4;
  const { test } = await dataset.open("");
  assertEquals([...images], [0, 1, 2, 3, 4, 5, 6]);
  assertEquals(labels, test.labels);
  assertEquals(classes.length, CLASSES);
  assertEquals([features.length, logits.length], [7 * width, 7 * CLASSES]);
  const { tensors } = subject.file;
  const [weight, bias] = ["weight", "bias"].map((name) =>
    Float32Array.from(tensors.get(`logits.${name}`)!.data, Number)
  );
  logits.forEach((logit, i) => {
    const row = features.subarray(Math.floor(i / CLASSES) * width).subarray(0, width);
    const score = row.reduce((sum, x, k) => sum + x * weight[k * CLASSES + i % CLASSES], 0);
    assertAlmostEquals(logit, score + bias[i % CLASSES], 1e-5);
  });
  const compiled = await readFeatures(subject, { ...options, backend: "tensorflow" });
  assertNear("features", compiled.features, features, 1e-5);
});

await needs(everything, "readFeatures: some of the images, and another tap", async () => {
  const all = await readFeatures(subject, { ...options, tap: "block2" });
  assertEquals([all.images.length, all.features.length], [7, 7 * 2 * 2 * 4]);
  const some = await readFeatures(subject, { ...options, tap: "block2", most: 3 });
  assertEquals([...some.images], [0, 2, 4]);
  assertEquals([...some.labels], [0, 2, 4].map((i) => all.labels[i]));
  for (const [i, image] of some.images.entries()) {
    const [own, same] = [some.features.subarray(16 * i), all.features.subarray(16 * image)];
    assertNear(`image ${image}`, own.subarray(0, 16), same.subarray(0, 16), 1e-5);
  }
  assert(all.features.some((value) => value > 0));
});

await needs(everything, "readFeatures: no such tap, and no images", async () => {
  await assertRejects(
    () => readFeatures(subject, { ...options, tap: "poled" }),
    Failure,
    "small has no tap poled",
  );
  await assertRejects(
    () => readFeatures(subject, { ...options, most: 0 }),
    Failure,
    "synthetic has no test images",
  );
});
