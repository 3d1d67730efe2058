/** t-SNE beside scikit-learn's, whose numbers `tests/support/figures.py` computed. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { affinities, divergence, gradient, tsne } from "../../lib/analysis/tsne.ts";
import { Failure } from "../../lib/values/failure.ts";
import { figureGolden } from "../support/figures.ts";
import { needs } from "../support/needs.ts";
import { recipe } from "../support/recipe.ts";
import { assertNear, norm } from "../support/tolerance.ts";

const golden = () => figureGolden("tsne");

const draw = (name: string, ...shape: number[]) => recipe(1, name, shape, "image").data;

/** Samples around the means of groups, one after the other. */
function clusters(samples: number, width: number, groups: number): Float32Array {
  const means = draw("means", groups, width).map((mean) => 1.5 * mean);
  const noise = draw("noise", samples, width);
  return noise.map((value, i) => value + means[i % (groups * width)]);
}

await needs(["read"], "tsne: affinities, gradient and divergence are scikit-learn's", async () => {
  const { samples, width, groups, perplexity, ...theirs } = await golden();
  const own = affinities(clusters(samples, width, groups), samples, perplexity);
  const pairs = Array.from(own.entries())
    .filter(([at]) => at % samples > Math.floor(at / samples)).map(([, value]) => value);
  assertNear("affinities", pairs.slice(0, theirs.affinities.length), theirs.affinities, 1e-6);
  assertAlmostEquals(norm(own) / theirs.affinity_norm, 1, 1e-6);
  assertAlmostEquals(own.reduce((a, b) => a + b), 1, 1e-12);
  const points = Float64Array.from(draw("points", samples, 2));
  assertNear("gradient", gradient(own, points), theirs.gradient, 1e-6);
  assertAlmostEquals(divergence(own, points) / theirs.divergence, 1, 1e-6);
});

await needs(
  ["read"],
  "tsne: from the same start the divergence ends where scikit-learn's does",
  async () => {
    const { samples, width, groups, perplexity, final } = await golden();
    const start = Float64Array.from(draw("start", samples, 2), (value) => 1e-4 * value);
    const features = clusters(samples, width, groups);
    const { points, divergence: reached } = await tsne(features, samples, { perplexity, start });
    assertAlmostEquals(reached / final, 1, 0.02);
    assertAlmostEquals(
      divergence(affinities(features, samples, perplexity), points),
      reached,
      1e-9,
    );
  },
);

Deno.test("tsne: the gradient is the slope of the divergence", () => {
  const pairs = affinities(clusters(12, 3, 2), 12, 4);
  const points = Float64Array.from(draw("points", 12, 2));
  const slopes = points.map((_, k) => {
    const at = (step: number) => divergence(pairs, points.with(k, points[k] + step));
    return (at(1e-5) - at(-1e-5)) / 2e-5;
  });
  assertNear("slopes", gradient(pairs, points), slopes, 1e-7);
});

Deno.test("tsne: the same input and seed give the same bytes, another seed other points", async () => {
  const features = clusters(30, 4, 3);
  const run = async (seed?: number) => {
    const shares: number[] = [];
    const between = (share: number) => void shares.push(share);
    const { points } = await tsne(features, 30, { perplexity: 5, steps: 300, seed, between });
    assertEquals(shares.map((share) => Math.round(300 * share)), [50, 100, 150, 200, 250, 300]);
    return points;
  };
  const points = await run();
  assertEquals(await run(1), points);
  assert(norm((await run(2)).map((value, k) => value - points[k])) > 0.1);
});

Deno.test("tsne: samples far from all others and equal ones have finite affinities", () => {
  const features = Float32Array.of(0, 0, 0, 1e6, -1e6, 1, 2);
  const own = affinities(features, 7, 2);
  assert(own.every(Number.isFinite), String(own));
  assertAlmostEquals(own.reduce((a, b) => a + b), 1, 1e-12);
  assert(gradient(own, new Float64Array(14)).every((value) => value === 0));
});

Deno.test("tsne: too few samples, features that are no numbers, and an end from outside", async () => {
  await assertRejects(
    () => tsne(new Float32Array(20), 10),
    Failure,
    "t-SNE with the perplexity 30: it has to be above 0 and below 10, the samples",
  );
  await assertRejects(
    () => tsne(Float32Array.of(1, NaN, 3), 3, { perplexity: 2 }),
    Failure,
    "has the network diverged?",
  );
  const between = () => {
    throw new Failure(130, "interrupted");
  };
  await assertRejects(
    () => tsne(clusters(30, 4, 3), 30, { perplexity: 5, between }),
    Failure,
    "interrupted",
  );
});
