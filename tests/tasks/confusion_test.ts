import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { Confusion } from "../../lib/tasks/confusion.ts";
import { stream } from "../../lib/values/random.ts";
import { hits } from "../../lib/tasks/classification.ts";

/** Whole numbers as scores, so that many are tied, some of them NaN, and a class for each image. */
function scores(images: number, classes: number): [logits: Float32Array, labels: Int32Array] {
  const random = stream(3, `confusion/${images}/${classes}`);
  const logits = Float32Array.from(
    { length: images * classes },
    () => random.below(40) === 0 ? NaN : random.below(6),
  );
  return [logits, Int32Array.from({ length: images }, () => random.below(classes))];
}

Deno.test("confusion: rows sum to the classes' images, and the diagonal to top-1", () => {
  const confusion = new Confusion(12);
  for (const images of [50, 1, 200]) confusion.add(...scores(images, 12));
  const labels = [50, 1, 200].flatMap((images) => [...scores(images, 12)[1]]);
  const { matrix, images, top1 } = confusion;
  const perClass = confusion.perClass();
  assertEquals(images, 251);
  for (const [label, row] of matrix.entries()) {
    assertEquals(row.reduce((a, b) => a + b), labels.filter((one) => one === label).length);
    assertAlmostEquals(perClass[label].images * perClass[label].top1! / 100, row[label]);
  }
  assertEquals(matrix.reduce((sum, row, label) => sum + row[label], 0), top1);
});

Deno.test("confusion: counts the same hits as an evaluation, with ties and NaN among the scores", async () => {
  await tf.setBackend("cpu");
  for (const classes of [2, 5, 12]) {
    const [logits, labels] = scores(500, classes);
    const confusion = new Confusion(classes);
    confusion.add(logits, labels);
    const count = (k: number) =>
      tf.tidy(() =>
        tf.sum(hits(tf.tensor2d(logits, [500, classes]), tf.tensor1d(labels, "int32"), k))
          .dataSync()[0]
      );
    assertEquals([confusion.top1, confusion.top5], [count(1), count(5)]);
  }
});

Deno.test("confusion: an image is taken for the first class with the highest score", () => {
  const confusion = new Confusion(3);
  confusion.add(Float32Array.of(3, 1, 2, 1, 2, 3, 1, 1, 0, 2, 0, 2), Int32Array.of(0, 0, 1, 0));
  assertEquals(confusion.matrix, [[2, 0, 1], [1, 0, 0], [0, 0, 0]]);
  assertEquals(confusion.perClass(), [{ images: 3, top1: 200 / 3 }, { images: 1, top1: 0 }, {
    images: 0,
    top1: null,
  }]);
});
