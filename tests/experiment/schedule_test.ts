import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { cosine, steps, stepsByIteration } from "../../lib/experiment/rates.ts";
import { adamw } from "../../lib/optimizers/adamw.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { Failure } from "../../lib/values/failure.ts";

const warmup = { iterations: 1000, factor: 1 / 1000 };
const rate = stepsByIteration({ at: [60_000, 80_000], by: 0.1, warmup });
/** detectron2's 1× schedule, on 117,266 photos. */
const once = sgd({ epochs: 13, iterations: 90_000, batch: 16, lr: 0.02, rate, weightDecay: 1e-4 });
const length = { steps: 7330, total: 90_000 };

/** The rate of an iteration of a run of this length. */
const rateOf = (iteration: number, of = length, { rate } = once) =>
  rate(1 + Math.floor(iteration / of.steps), iteration % of.steps, of);

Deno.test("schedule: iterations and their rate are declared, and nothing else is new", () => {
  assertEquals(once.options, {
    epochs: 13,
    iterations: 90_000,
    batch: 16,
    lr: 0.02,
    rate: {
      id: "stepsByIteration",
      options: { at: [60_000, 80_000], by: 0.1, warmup: { iterations: 1000, factor: 0.001 } },
    },
    momentum: 0.9,
    weightDecay: 1e-4,
  });
  const { iterations, lasting } = once;
  assertEquals([iterations, lasting], [90_000, undefined], "a longer run cannot go on from it");
  const whole = sgd({ epochs: 13, batch: 16, lr: 0.02 });
  assertEquals(["iterations" in whole, "iterations" in (whole.options as object)], [false, false]);
});

Deno.test("schedule: each step of each epoch has the rate of its iteration, exactly", () => {
  for (
    const [iteration, expected] of [
      [0, 0.00002],
      [500, 0.01001],
      [999, 0.01998002],
      [1000, 0.02],
      [59_999, 0.02],
      [60_000, 0.002],
      [79_999, 0.002],
      [80_000, 0.0002],
      [89_999, 0.0002],
    ]
  ) assertAlmostEquals(rateOf(iteration), expected, 1e-15, `${iteration}`);
});

Deno.test("schedule: a quick run has whole epochs, and its rate's points in proportion", () => {
  const quick = once.over(3);
  assertEquals([quick.epochs, quick.iterations, quick.batch], [3, undefined, 16]);
  const ofQuick = (iteration: number) => rateOf(iteration, { steps: 100, total: 300 }, quick);
  // 300 steps in place of 90,000: one is 300 iterations.
  assertAlmostEquals(ofQuick(0), 0.00002, 1e-15);
  assertAlmostEquals(ofQuick(1), 0.02 * (0.7 / 1000 + 0.3), 1e-15);
  assertEquals([ofQuick(4), ofQuick(199)], [0.02, 0.02]);
  for (const [step, expected] of [[200, 0.002], [266, 0.002], [267, 0.0002], [299, 0.0002]]) {
    assertAlmostEquals(ofQuick(step), expected, 1e-15, `${step}`);
  }
  assertAlmostEquals(rateOf(1, { steps: 2, total: 2 }, once.over(1)), 0.02, 1e-15);
  assertAlmostEquals(rateOf(20, { steps: 2, total: 25 }), 0.002, 1e-15, "a limit alone");
});

Deno.test("schedule: rates in epochs end with the iterations", () => {
  const falling = adamw({
    ...{ epochs: 3, iterations: 10, batch: 16, lr: 1 },
    rate: cosine({ minimum: 0.5, every: "step" }),
  });
  const ten = { steps: 4, total: 10 };
  assertEquals(rateOf(0, ten, falling), 1);
  assertAlmostEquals(rateOf(5, ten, falling), 0.75, 1e-15, "half of it");
  const dropping = sgd({
    ...{ epochs: 3, iterations: 10, batch: 16, lr: 1 },
    rate: steps({ at: [2], by: 0.5 }),
  });
  assertEquals([7, 8, 9].map((iteration) => rateOf(iteration, ten, dropping)), [1, 0.5, 0.5]);
});

Deno.test("schedule: iterations are a whole number, and their rate needs them", () => {
  for (const iterations of [0, 1.5, NaN, Infinity]) {
    const { exit, message } = assertThrows(
      () => sgd({ epochs: 3, iterations, batch: 16, lr: 1 }),
      Failure,
    );
    assertEquals(
      [exit, message],
      [2, `sgd: \`iterations\` is ${iterations}; it has to be a whole number, 1 or more`],
    );
  }
  const declare = () => sgd({ epochs: 13, batch: 16, lr: 0.02, rate });
  assertThrows(declare, Failure, "it needs the schedule's `iterations`");
});
