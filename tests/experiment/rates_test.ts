import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { cosine, type Rate, steps, stepsByIteration } from "../../lib/experiment/rates.ts";
import { Failure } from "../../lib/values/failure.ts";

/** The rates of all steps of a training, in order. Default: one step per epoch. */
function all(rate: Rate, epochs: number, lr: number, perEpoch = 1): number[] {
  return Array.from(
    { length: epochs * perEpoch },
    (_, step) => rate.at(step / perEpoch, { epochs, lr, iteration: step }),
  );
}

function assertNear(actual: readonly number[], expected: readonly number[]): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((rate, i) => assertAlmostEquals(rate, expected[i], 1e-15, `${i}`));
}

/** PyTorch's `MultiStepLR`, from one call of `step()` to the next. */
function multiStep(
  count: number,
  lr: number,
  milestones: readonly number[],
  gamma: number,
): number[] {
  const rates = [lr];
  for (let t = 1; t < count; t++) {
    rates.push(milestones.includes(t) ? rates[t - 1] * gamma : rates[t - 1]);
  }
  return rates;
}

/** PyTorch's `CosineAnnealingLR`, from one call of `step()` to the next. */
function annealing(count: number, lr: number, least: number): number[] {
  const rates = [lr];
  const height = (t: number) => 1 + Math.cos(Math.PI * t / count);
  for (let t = 1; t < count; t++) {
    rates.push(height(t) / height(t - 1) * (rates[t - 1] - least) + least);
  }
  return rates;
}

/** PyTorch's `LinearLR`, by factors of the rate. */
function linear(count: number, lr: number, start: number, total: number): number[] {
  return Array.from(
    { length: count },
    (_, t) => lr * (start + (1 - start) * Math.min(t, total) / total),
  );
}

Deno.test("rates: steps equal PyTorch's MultiStepLR, by epoch and by step", () => {
  assertNear(all(steps({ at: [3, 8], by: 0.1 }), 10, 0.4), multiStep(10, 0.4, [3, 8], 0.1));
  assertEquals(all(steps({ at: [], by: 0.1 }), 3, 0.4), [0.4, 0.4, 0.4]);
  const byStep = steps({ at: [25 / 7, 6], by: 0.2, every: "step" });
  assertNear(all(byStep, 10, 0.4, 7), multiStep(70, 0.4, [25, 42], 0.2));
});

Deno.test("rates: a milestone at 22.5 drops the rate from epoch 23 on, or by step in the middle of it", () => {
  const rates = all(steps({ at: [22.5], by: 0.1 }), 30, 1, 4);
  assertEquals(rates.findIndex((rate) => rate < 1), 22 * 4);
  assertEquals(
    all(steps({ at: [22.5], by: 0.1, every: "step" }), 30, 1, 4).findIndex((rate) => rate < 1),
    22 * 4 + 2,
  );
});

Deno.test("rates: a cosine equals PyTorch's CosineAnnealingLR, by epoch and by step", () => {
  assertNear(all(cosine(), 12, 0.4), annealing(12, 0.4, 0));
  assertNear(all(cosine({ minimum: 0.03 }), 12, 0.4), annealing(12, 0.4, 0.03));
  assertNear(all(cosine({ minimum: 0.03, every: "step" }), 12, 0.4, 7), annealing(84, 0.4, 0.03));
});

Deno.test("rates: by epoch, all steps of an epoch have the rate of its first step", () => {
  for (const rate of [cosine({ warmup: { epochs: 2, from: 0.1 } }), steps({ at: [2], by: 0.1 })]) {
    const byEpoch = all(rate, 5, 1).flatMap((rate) => [rate, rate, rate]);
    assertEquals(all(rate, 5, 1, 3), byEpoch);
  }
});

Deno.test("rates: a warm-up equals PyTorch's LinearLR, by epoch and by step", () => {
  const warmup = { epochs: 4, from: 0.1 };
  const constant = { at: [], by: 1 };
  assertNear(all(steps({ ...constant, warmup }), 6, 0.4), linear(6, 0.4, 0.25, 4));
  assertNear(
    all(steps({ ...constant, warmup, every: "step" }), 6, 0.4, 5),
    linear(30, 0.4, 0.25, 20),
  );
  const short = { epochs: 3 / 5, from: 0.1 };
  assertNear(
    all(steps({ ...constant, warmup: short, every: "step" }), 6, 0.4, 5),
    linear(30, 0.4, 0.25, 3),
  );
});

Deno.test("rates: a cosine after a warm-up equals timm's, by epoch and by step", () => {
  const recipe = { minimum: 1e-5, warmup: { epochs: 3, from: 1e-6 } };
  // From timm 1.0.31's CosineLRScheduler, 12 epochs of 7 updates, lr 1e-3.
  assertNear(all(cosine(recipe), 12, 1e-3), [
    ...[0.000001, 0.00033400000000000004, 0.0006670000000000001, 0.000855017856687341, 0.0007525],
    ...[0.0006331154273257478, 0.000505, 0.00037688457267425233, 0.00025750000000000013],
    ...[0.000154982143312659, 0.00007631742512670284, 0.000026866715986911242],
  ]);
  const updates = all(cosine({ ...recipe, every: "step" }), 12, 1e-3, 7);
  assertNear([0, 1, 20, 21, 22, 83].map((i) => updates[i]), [
    ...[0.000001, 0.000048571428571428576, 0.0009524285714285716, 0.000855017856687341],
    ...[0.0008416855051966051, 0.00001034615112974269],
  ]);
});

Deno.test("rates: a late rate is that of the epoch before, as in DeiT's code", () => {
  const warmup = { epochs: 2, from: 0.1 };
  const [first, ...others] = all(cosine({ warmup }), 6, 0.4);
  const late = cosine({ warmup, late: true });
  assertNear(all(late, 7, 0.4).slice(0, 2), [first, first]);
  assertNear(all(late, 6, 0.4), [first, first, ...others.slice(0, -1)]);
  assertEquals(late.options, { minimum: 0, warmup, late: true });
  assertEquals(late.over(3, 6).options, {
    minimum: 0,
    warmup: { epochs: 1, from: 0.1 },
    late: true,
  });
  assertEquals(all(steps({ at: [2], by: 0.1, late: true }), 5, 1), [1, 1, 1, 0.1, 0.1]);
  const { exit } = assertThrows(
    () => cosine({ late: true, every: "step" }).check!({ epochs: 6, lr: 0.4 }),
    Failure,
    "cosine: `late` is of rates that change between epochs only",
  );
  assertEquals(exit, 2);
});

Deno.test("rates: after a warm-up that is a prefix, a rate begins anew", () => {
  const warmup = { epochs: 3, from: 0.1, prefix: true };
  const rise = [0.1, 0.2, 0.3];
  assertNear(all(cosine({ warmup }), 9, 0.4), [...rise, ...annealing(6, 0.4, 0)]);
  assertNear(all(steps({ at: [2], by: 0.5, warmup }), 7, 0.4), [...rise, 0.4, 0.4, 0.2, 0.2]);
  assertEquals(cosine({ warmup }).options, { minimum: 0, warmup });
  assertThrows(
    () => steps({ at: [4], by: 0.5, warmup }).check!({ epochs: 7, lr: 0.4 }),
    Failure,
    "below 4, the schedule's epochs after the warm-up",
  );
});

Deno.test("rates: a warm-up that is longer than the training is refused, and not the points after it", () => {
  const warmup = { epochs: 5, from: 0, prefix: true };
  for (const rate of [steps({ at: [1], by: 0.1, warmup }), cosine({ warmup })]) {
    const { exit, message } = assertThrows(() => rate.check!({ epochs: 3, lr: 0.4 }), Failure);
    assertEquals([exit, message], [
      2,
      `${rate.id}: \`warmup.epochs\` is 5; it has to be a whole number, 0 or more, and at most 3, ` +
      "the schedule's epochs",
    ]);
  }
});

Deno.test("rates: past its end a cosine stays at its minimum", () => {
  assertEquals(cosine({ minimum: 0.01 }).at(15, { epochs: 10, lr: 0.4, iteration: 15 }), 0.01);
});

Deno.test("rates: a training of one epoch and a warm-up of none have a rate", () => {
  for (const every of ["epoch", "step"] as const) {
    const warmup = { epochs: 0, from: 0.1 };
    assertEquals(all(cosine({ every, warmup }), 6, 0.4), all(cosine({ every }), 6, 0.4));
    assertEquals(
      all(steps({ at: [3], by: 0.5, every, warmup }), 6, 0.4),
      all(steps({ at: [3], by: 0.5 }), 6, 0.4),
    );
  }
  assertEquals(all(cosine(), 1, 0.4, 3), [0.4, 0.4, 0.4]);
  assertNear(all(cosine({ every: "step" }), 1, 0.4, 3), annealing(3, 0.4, 0));
  assertEquals(all(cosine({ warmup: { epochs: 1, from: 0.1 } }), 1, 0.4, 3), [0.1, 0.1, 0.1]);
  assertNear(
    all(cosine({ every: "step", warmup: { epochs: 1, from: 0.1 } }), 1, 0.4, 3),
    linear(3, 0.4, 0.25, 3),
  );
});

Deno.test("rates: over other epochs, milestones and warm-up move in proportion: by epoch rounded, by step exactly", () => {
  const warmup = { epochs: 5, from: 0.1 };
  assertEquals(steps({ at: [150, 180, 210], by: 0.1 }).over(24, 240).options, {
    at: [15, 18, 21],
    by: 0.1,
  });
  assertEquals(steps({ at: [150], by: 0.1, warmup }).over(1, 300).options, {
    at: [1],
    by: 0.1,
    warmup: { epochs: 0, from: 0.1 },
  });
  assertEquals(steps({ at: [150], by: 0.1, every: "step", warmup }).over(1, 300).options, {
    at: [0.5],
    by: 0.1,
    every: "step",
    warmup: { epochs: 5 / 300, from: 0.1 },
  });
  const long = cosine({ minimum: 0.01, every: "step", warmup });
  const short = long.over(30, 300);
  assertNear(all(short, 30, 0.4, 10), all(long, 300, 0.4));
  assertEquals(cosine().over(3, 30).options, cosine().options);
});

Deno.test("rates: options at their defaults are not declared", () => {
  assertEquals([steps({ at: [1], by: 0.1 }).id, cosine().id], ["steps", "cosine"]);
  assertEquals(steps({ at: [1], by: 0.1, every: "epoch" }).options, { at: [1], by: 0.1 });
  assertEquals(cosine().options, { minimum: 0 });
});

Deno.test("rates: by iteration, a linear warm-up from a factor and drops as detectron2's", () => {
  const warmup = { iterations: 1000, factor: 1 / 1000 };
  const rate = stepsByIteration({ at: [60_000, 80_000], by: 0.1, warmup });
  const of = (iteration: number) => rate.at(0, { epochs: 13, lr: 0.02, iteration });
  const known = [
    [0, 0.00002],
    [1, 0.00003998],
    [250, 0.005015],
    [500, 0.01001],
    [999, 0.01998002],
    [1000, 0.02],
    [59_999, 0.02],
    [60_000, 0.002],
    [79_999, 0.002],
    [80_000, 0.0002],
    [89_999, 0.0002],
  ];
  assertNear(known.map(([iteration]) => of(iteration)), known.map(([, rate]) => rate));
  const early = stepsByIteration({ at: [2], by: 0.5, warmup: { iterations: 4, factor: 0.2 } });
  const first = [0, 1, 2, 3, 4].map((iteration) => early.at(0, { epochs: 1, lr: 1, iteration }));
  assertNear(first, [0.2, 0.4, 0.3, 0.4, 0.5]);
  assertEquals(rate.id, "stepsByIteration");
  assertEquals(rate.options, { at: [60_000, 80_000], by: 0.1, warmup });
  assertEquals(stepsByIteration({ at: [], by: 1 }).options, { at: [], by: 1 });
});

Deno.test("rates: by iteration, points lie within the schedule's iterations", () => {
  const training = { epochs: 3, lr: 0.1, iterations: 10 };
  const message = (options: Parameters<typeof stepsByIteration>[0], of = training) => {
    const { exit, message } = assertThrows(() => stepsByIteration(options).check!(of), Failure);
    assertEquals(exit, 2);
    return message;
  };
  for (const at of [0, 10, 2.5, NaN]) {
    assertEquals(
      message({ at: [at], by: 0.1 }),
      `stepsByIteration: \`at\` is ${at}; it has to be a whole number, 1 or more, and below 10, ` +
        "the schedule's iterations",
    );
  }
  const warm = (iterations: number, factor: number) =>
    message({ at: [], by: 1, warmup: { iterations, factor } }).split(";")[0];
  assertEquals(warm(10, 0.1), "stepsByIteration: `warmup.iterations` is 10");
  assertEquals(warm(0, 0.1), "stepsByIteration: `warmup.iterations` is 0");
  assertEquals(warm(3, -0.1), "stepsByIteration: `warmup.factor` is -0.1");
  assertEquals(warm(3, 1.5), "stepsByIteration: `warmup.factor` is 1.5");
  assertEquals(message({ at: [], by: 0 }).split(";")[0], "stepsByIteration: `by` is 0");
  const { exit, message: without } = assertThrows(
    () => stepsByIteration({ at: [5], by: 0.1 }).check!({ epochs: 3, lr: 0.1 }),
    Failure,
  );
  assertEquals(
    [exit, without],
    [2, "stepsByIteration: it needs the schedule's `iterations`: declare them"],
  );
});
