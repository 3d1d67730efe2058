import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cifar100 } from "../../datasets/cifar.ts";
import type { Mix } from "../../lib/data/dataset.ts";
import { Failure } from "../../lib/values/failure.ts";
import { randomOf } from "../../lib/kernels/random_uniform.ts";
import { beta, cutmix, mixup, mixupOrCutmix } from "../../lib/data/mix.ts";
import { stream } from "../../lib/values/random.ts";
import { onBoth } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

const SIDE = 8;
const BATCH = 6;

/** [n, 8, 8, 2], every image filled with its number, from 1. */
const images = (n = BATCH) =>
  tf.tile(tf.reshape(tf.range(1, n + 1, 1, "float32"), [n, 1, 1, 1]), [
    1,
    SIDE,
    SIDE,
    2,
  ]) as tf.Tensor4D;

const numbers = (step: number) => randomOf(1, "mix", tf.scalar(step, "int32"));

/** Mixes the images of a step and returns the results as arrays. */
function mixStep({ mix }: Mix, step: number, n = BATCH) {
  return tf.tidy(() => {
    const { image, partner, share } = mix(images(n), numbers(step));
    return {
      image: image.arraySync() as number[][][][],
      partner: [...partner.dataSync()],
      share: share.dataSync()[0],
    };
  });
}

/** Many numbers from Beta(α, α). */
async function betas(alpha: number): Promise<number[]> {
  await tf.setBackend("cpu");
  const random = stream(1, `beta/${alpha}`);
  const n = 20000;
  const uniform = () => tf.tensor1d(Float32Array.from({ length: n }, () => random.uniform()));
  return tf.tidy(() => [...beta(alpha, uniform(), uniform()).dataSync()]);
}

Deno.test("beta: λ has the mean and the variance of Beta(α, α)", async () => {
  for (const alpha of [0.1, 0.2, 0.5, 1, 2, 8]) {
    const values = await betas(alpha);
    const mean = values.reduce((sum, x) => sum + x) / values.length;
    assert(values.every((x) => x >= 0 && x <= 1), `α = ${alpha}`);
    assertAlmostEquals(mean, 0.5, 0.012);
    const variance = values.reduce((sum, x) => sum + (x - 0.5) ** 2, 0) / values.length;
    assertAlmostEquals(variance * 4 * (2 * alpha + 1), 1, 0.03);
  }
});

Deno.test("beta: λ has the known distributions: uniform at α = 1, arcsine at α = ½", async () => {
  const known = { 1: (x: number) => x, 0.5: (x: number) => 2 / Math.PI * Math.asin(Math.sqrt(x)) };
  for (const [alpha, distribution] of Object.entries(known)) {
    const values = (await betas(Number(alpha))).sort((a, b) => a - b);
    const off = Math.max(
      ...values.map((x, i) => Math.abs(distribution(x) - (i + 0.5) / values.length)),
    );
    assert(off < 1.6 / Math.sqrt(values.length), `α = ${alpha}: ${off}`);
  }
});

Deno.test("beta: λ is within 0 … 1 at the edges of u and v, and with the smallest α", async () => {
  await tf.setBackend("cpu");
  const u = [0, 2 ** -23, 0.5, 1 - 2 ** -24];
  const v = [0, 0.25, 0.5, 0.75, 1 - 2 ** -24];
  for (const alpha of [1e-3, 0.2, 1, 100]) {
    tf.tidy(() => {
      const pairs = u.flatMap((u) => v.map((v) => [u, v]));
      const [us, vs] = [0, 1].map((i) => tf.tensor1d(pairs.map((pair) => pair[i])));
      const values = beta(alpha, us, vs).dataSync();
      assert(values.every((x) => x >= 0 && x <= 1), `α = ${alpha}: ${values}`);
    });
  }
});

Deno.test("mix: every image has one partner, a different one in every step", async () => {
  await tf.setBackend("cpu");
  const orders = [1, 2, 3].map((step) => mixStep(mixup(), step).partner);
  for (const order of orders) assertEquals(order.toSorted(), [0, 1, 2, 3, 4, 5]);
  assertEquals(new Set(orders.map(String)).size, 3);
});

Deno.test("mixup: an image is λ of itself and 1 − λ of its partner", async () => {
  await tf.setBackend("cpu");
  const shares = [1, 2, 3].map((step) => {
    const { image, partner, share } = mixStep(mixup({ alpha: 0.4 }), step);
    assert(share > 0 && share < 1);
    image.forEach((rows, i) => {
      assertNear(
        "pixels",
        rows.flat(2),
        rows.flat(2).fill(share * (i + 1) + (1 - share) * (partner[i] + 1)),
        1e-6,
      );
    });
    return share;
  });
  assertEquals(new Set(shares).size, 3);
});

Deno.test("cutmix: a box at the same place of every image is its partner's, and λ is the remaining share", async () => {
  await tf.setBackend("cpu");
  const shares = new Set<number>();
  for (let step = 0; step < 40; step++) {
    const { image, partner, share } = mixStep(cutmix({ probability: 1 }), step);
    shares.add(share);
    const isForeign = image.map((rows, i) =>
      rows.map((row) =>
        row.map((pixel) => {
          assertEquals(pixel[0], pixel[1]);
          assert(pixel[0] === i + 1 || pixel[0] === partner[i] + 1);
          return pixel[0] !== i + 1;
        })
      )
    );
    const moved = partner.flatMap((other, i) => other === i ? [] : [i]);
    if (moved.length === 0) continue;
    const box = isForeign[moved[0]];
    for (const i of moved) assertEquals(isForeign[i], box);
    const rows = box.flatMap((row, y) => row.includes(true) ? [y] : []);
    const columns = box[0].flatMap((_, x) => box.some((row) => row[x]) ? [x] : []);
    assertAlmostEquals(share, 1 - rows.length * columns.length / SIDE ** 2, 1e-6);
    assertEquals(box.flat().filter(Boolean).length, rows.length * columns.length, "it is a box");
    for (const line of [rows, columns]) {
      assertEquals(line.length, line.length && line.at(-1)! - line[0] + 1);
    }
  }
  assert(shares.size > 5);
});

Deno.test("mix: `probability` is the share of mixed batches, and other batches stay unchanged", async () => {
  await tf.setBackend("cpu");
  const steps = Array.from({ length: 200 }, (_, step) => step);
  const originals = tf.tidy(() => images().arraySync());
  for (const make of [mixup, cutmix]) {
    const never = mixStep(make({ probability: 0 }), 1);
    assertEquals([never.share, never.image], [1, originals]);
    const untouched = steps.filter((step) =>
      mixStep(make({ probability: 0.25 }), step).share === 1
    );
    assert(untouched.length > 130 && untouched.length < 170, `${untouched.length} of 200`);
  }
});

Deno.test("mixupOrCutmix: each batch is mixed in one of both ways, with the batch read backwards", async () => {
  await tf.setBackend("cpu");
  const found = Array.from({ length: 200 }, (_, step) => {
    const { image, partner, share } = mixStep(mixupOrCutmix(), step);
    assertEquals(partner, [5, 4, 3, 2, 1, 0]);
    const pixels = image.map((rows) => rows.flat(2));
    const [own, other] = [1, BATCH];
    const isWhole = pixels[0].every((pixel) => pixel === own || pixel === other);
    for (const [i, values] of pixels.entries()) {
      const mean = values.reduce((sum, pixel) => sum + pixel) / values.length;
      assertAlmostEquals(mean, share * (i + 1) + (1 - share) * (BATCH - i), 1e-4);
    }
    return { isWhole, share };
  });
  const boxes = found.filter(({ isWhole }) => isWhole);
  assert(boxes.length > 75 && boxes.length < 125, `${boxes.length} of 200`);
  assert(new Set(found.map(({ share }) => share)).size > 100);
});

Deno.test("mixupOrCutmix: `share` chooses the way, and `probability` whether a batch is mixed", async () => {
  await tf.setBackend("cpu");
  const shares = (options: Parameters<typeof mixupOrCutmix>[0]) =>
    Array.from({ length: 60 }, (_, step) => mixStep(mixupOrCutmix(options), step).share);
  const isOfPixels = (share: number) => Number.isInteger(share * SIDE ** 2);
  assert(shares({ share: 1 }).every(isOfPixels));
  assert(!shares({ share: 0 }).some(isOfPixels));
  assert(shares({ probability: 0 }).every((share) => share === 1));
  // An even box has even sides unless the edge cuts it off, a whole one has odd ones too.
  assertNotEquals(shares({ share: 1, box: "whole" }), shares({ share: 1 }));
  assertNotEquals(shares({ share: 0, mixup: 0.1 }), shares({ share: 0 }));
  assertNotEquals(shares({ share: 1, cutmix: 0.1 }), shares({ share: 1 }));
});

Deno.test("mix: the same random numbers mix other images in the same way", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    for (const { mix } of [mixup(), cutmix({ probability: 1 }), mixupOrCutmix()]) {
      const first = mix(images(), numbers(3));
      const second = mix(tf.mul(images(), 10), numbers(3));
      assertEquals(second.share.dataSync(), first.share.dataSync());
      assertNear("images", second.image.dataSync(), tf.mul(first.image, 10).dataSync(), 1e-6);
      assertNotEquals(mix(images(), numbers(4)).image.dataSync(), first.image.dataSync());
    }
  });
});

await needs(
  everything,
  "mix: TensorFlow and tfjs's own backend give the same, even for a batch of one",
  async () => {
    for (const n of [1, 2, 7]) {
      const ways = [mixup({ alpha: 0.2 }), cutmix({ probability: 0.9 }), mixupOrCutmix()];
      for (const { mix } of ways) {
        const { native, twin } = await onBoth(() => {
          const { image, partner, share } = mix(images(n), numbers(9));
          return [image, partner, share];
        });
        native.forEach((values, i) => assertNear(`value ${i}`, values, twin[i], 1e-6));
      }
    }
  },
);

Deno.test("mix: an invalid option is refused", () => {
  for (const alpha of [0, -1, NaN, Infinity]) {
    const { exit } = assertThrows(() => mixup({ alpha }), Failure, `mixup: \`alpha\` is ${alpha}`);
    assertEquals(exit, 2);
  }
  for (const probability of [-0.1, 1.1, NaN]) {
    assertThrows(
      () => cutmix({ probability }),
      Failure,
      `cutmix: \`probability\` is ${probability}`,
    );
  }
});

Deno.test("mixupOrCutmix: an invalid option is refused, and the declaration has the options", () => {
  assertEquals(mixupOrCutmix().options, {
    mixup: 0.8,
    cutmix: 1,
    share: 0.5,
    probability: 1,
    box: "even",
  });
  for (const wrong of [{ mixup: 0 }, { cutmix: -1 }, { share: 1.1 }, { probability: NaN }]) {
    const [[option, value]] = Object.entries(wrong);
    const message = `mixupOrCutmix: \`${option}\` is ${value}`;
    assertEquals(assertThrows(() => mixupOrCutmix(wrong), Failure, message).exit, 2);
  }
});

Deno.test("mix: `mix` and `views` are in the declaration, but not if they are unused", () => {
  const { options, mix, views } = cifar100({
    mix: cutmix({ alpha: 0.3 }),
    views: { strong: { jitter: 0.4, crop: 2 } },
  });
  assertEquals((options as Record<string, unknown>).mix, {
    id: "cutmix",
    alpha: 0.3,
    probability: 0.5,
  });
  assertEquals(mix?.id, "cutmix");
  assertEquals(views, { strong: { crop: 2, flip: true, jitter: 0.4 } });
  assertEquals((options as Record<string, unknown>).views, views);
  assert(
    !JSON.stringify(cifar100().options).includes("mix") &&
      !JSON.stringify(cifar100().options).includes("views"),
  );
  for (
    const [view, message] of [[{ jitter: 2 }, "jitter"], [{ cutout: -1 }, "cutout"], [
      { crop: 0.5 },
      "crop",
    ]] as const
  ) {
    assertThrows(
      () => cifar100({ views: { strong: view } }),
      Failure,
      `cifar100: \`views.strong.${message}\` is `,
    );
  }
});
