import { assert, assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { shortestMixture } from "../../lib/kernels/shortest_mixture.ts";
import { assertNear } from "../support/tolerance.ts";

const mixture = (vectors: readonly (readonly number[])[], most: number): Float32Array =>
  tf.tidy(() => {
    const v = tf.tensor2d(vectors.map((vector) => [...vector]));
    return shortestMixture(tf.matMul(v, v, false, true), most).dataSync() as Float32Array;
  });

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
const mix = (vectors: readonly (readonly number[])[], weights: ArrayLike<number>) =>
  vectors[0].map((_, i) => vectors.reduce((sum, vector, m) => sum + weights[m] * vector[i], 0));

Deno.test("shortestMixture: orthogonal vectors weigh 1 / length² each, within the bound", async () => {
  await tf.setBackend("cpu");
  assertNear("free", mixture([[1, 0], [0, 2]], 1), [0.8, 0.2], 1e-5);
  assertNear("bound", mixture([[1, 0], [0, 2]], 0.6), [0.6, 0.4], 1e-5);
  assertNear("at its least", mixture([[1, 0], [0, 2]], 0.1), [0.5, 0.5], 1e-5);
  assertNear("one within the others", mixture([[1, 1, 0], [1, -1, 0], [3, 0, 0.5]], 1), [
    0.5,
    0.5,
    0,
  ], 1e-5);
  assertNear("the same twice", mixture([[1, 2], [1, 2]], 0.7), [0.5, 0.5], 1e-3);
});

Deno.test("shortestMixture: no feasible direction makes it shorter, for any vectors", async () => {
  await tf.setBackend("cpu");
  const component = fc.integer({ min: -4, max: 4 });
  const vectors = fc.integer({ min: 2, max: 4 }).chain((count) =>
    fc.array(fc.array(component, { minLength: 3, maxLength: 3 }), {
      minLength: count,
      maxLength: count,
    })
  );
  fc.assert(
    fc.property(vectors, fc.double({ min: 0.1, max: 1.2, noNaN: true }), (vectors, most) => {
      const weights = mixture(vectors, most);
      const bound = Math.min(1, Math.max(most, 1 / vectors.length));
      assertAlmostEquals(weights.reduce((a, b) => a + b), 1, 1e-4);
      assert(weights.every((weight) => weight >= 0 && weight <= bound + 1e-6), `${weights}`);
      // Optimal if moving weight from one vector to another never helps.
      const sum = mix(vectors, weights);
      const pulls = vectors.map((vector) => dot(vector, sum));
      const scale = Math.max(1, ...vectors.map((vector) => dot(vector, vector)));
      for (const [from, weight] of weights.entries()) {
        for (const [to, other] of weights.entries()) {
          if (weight < 1e-3 || other > bound - 1e-3) continue;
          assert(
            pulls[from] <= pulls[to] + 1e-3 * scale,
            `[${weights}] of ${JSON.stringify(vectors)}, at most ${bound}`,
          );
        }
      }
    }),
    { numRuns: 60 },
  );
});
