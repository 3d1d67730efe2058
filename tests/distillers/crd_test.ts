import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { createWithin } from "../../lib/training/create.ts";
import type { Distiller, HardLabels } from "../../lib/experiment/distiller.ts";
import { contrastive, crd, drawContrasts } from "../../lib/distillers/crd.ts";
import { Failure } from "../../lib/values/failure.ts";
import { randomOf } from "../../lib/kernels/random_uniform.ts";
import type { Net } from "../../lib/nn/network.ts";
import { variables } from "../../lib/nn/variables.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { norm } from "../support/tolerance.ts";
import type { Toy } from "../support/toy.ts";

const negatives = 40;

await method("crd", () => crd({ negatives }));
await method(
  "crd with positives of the same class, beside kd",
  () => crd({ negatives, positive: "relax", kd: 1 }),
);
await method(
  "crd that draws with replacement",
  () => contrastive({ negatives }, (context, options) => drawContrasts(context, options, 0)),
);

// There is one image of each of five classes, so its four negatives are always the other images.
const taps = { student: { pooled: [7], logits: [5] }, teacher: { map: [2, 3, 4], logits: [5] } };
for (const samples of ["different", "degenerate"] as const) {
  masks("crd", () => crd({ teacher: "map", negatives: 4, dimensions: 6, kd: 1 }), taps, samples);
}

/** The contrasts of one step for images of these classes. */
function draws(
  labels: readonly number[],
  options: Parameters<typeof drawContrasts>[1],
  index: readonly number[],
  step: number,
  mostChosen?: number,
) {
  const create = createWithin(variables({ seed: 1, collected: new Map() }), [1, 1, 1], 4);
  const dataset = { size: labels.length, classes: 4, labels: Int32Array.from(labels) };
  return tf.tidy(() => {
    const { positive, negatives } = drawContrasts({ create, dataset }, options, mostChosen)({
      index: tf.tensor1d([...index], "int32"),
      label: tf.tensor1d(index.map((i) => labels[i]), "int32"),
      random: randomOf(1, "draws", tf.scalar(step, "int32")),
    });
    const counts = "counts" in negatives
      ? negatives.counts
      : tf.sum(tf.oneHot(negatives.indices, labels.length, 1, 0, "float32"), 1);
    return { positive: [...positive.dataSync()], negatives: counts.arraySync() as number[][] };
  });
}

// One of the four classes has no image, another has a single image.
const labels = [0, 1, 0, 0, 3, 1, 0, 1, 0, 1, 0, 1];
const index = [3, 4, 3, 11];

Deno.test("each image's negatives are distinct, of other classes, as many as set and new in each step", async () => {
  await tf.setBackend("cpu");
  const seen = [0, 1, 2, 3].map((step) =>
    draws(labels, { negatives: 4, positive: "exact" }, index, step)
  );
  for (const { positive, negatives } of seen) {
    assertEquals(positive, index);
    negatives.forEach((row, i) => {
      assertEquals(row.filter((times) => times === 1).length, 4);
      assert(
        row.every((times, image) =>
          times === 0 || times === 1 && labels[image] !== labels[index[i]]
        ),
      );
    });
  }
  assertNotEquals(seen[0].negatives, seen[1].negatives);
  // Two samples of one image have negatives of their own.
  assert(seen.some(({ negatives }) => negatives[0].join() !== negatives[2].join()));
});

for (const [how, mostChosen] of [["without", undefined], ["with", 0]] as const) {
  Deno.test(`all images of other classes are negatives equally often ${how} replacement`, async () => {
    await tf.setBackend("cpu");
    const options = { negatives: 2, positive: "exact" } as const;
    // One class is first among the sorted ones, one is between two others, one is last.
    for (const own of [0, 1, 3]) {
      const count = new Float64Array(labels.length);
      const steps = 200;
      const batch = new Array<number>(16).fill(labels.indexOf(own));
      for (let step = 0; step < steps; step++) {
        for (const row of draws(labels, options, batch, step, mostChosen).negatives) {
          assertEquals(row.reduce((sum, times) => sum + times), 2);
          row.forEach((times, image) => count[image] += times);
        }
      }
      const expected = steps * batch.length * 2 / labels.filter((label) => label !== own).length;
      // Five standard deviations.
      for (const [image, times] of count.entries()) {
        assert(
          labels[image] === own
            ? times === 0
            : Math.abs(times - expected) < 5 * Math.sqrt(expected),
        );
      }
    }
  });
}

Deno.test("relaxed positives are of the image's class, any of them", async () => {
  await tf.setBackend("cpu");
  const seen = new Set<number>();
  for (let step = 0; step < 50; step++) {
    const { positive } = draws(labels, { negatives: 1, positive: "relax" }, index, step);
    positive.forEach((image, i) => assertEquals(labels[image], labels[index[i]]));
    seen.add(positive[0]);
    assertEquals(positive[1], 4);
  }
  assertEquals(
    [...seen].sort((a, b) => a - b),
    labels.flatMap((label, image) => label === 0 ? [image] : []),
  );
});

Deno.test("crd refuses more negatives than there are images of other classes", () => {
  for (
    const [negatives, ok] of [[6, true], [7, false]] as const
  ) {
    const build = () =>
      drawContrasts({
        create: createWithin(variables({ seed: 1, collected: new Map() }), [1, 1, 1], 4),
        dataset: { size: 12, classes: 4, labels: Int32Array.from(labels) },
      }, {
        negatives,
        positive: "exact",
      });
    if (ok) build();
    else {
      const { exit, message } = assertThrows(build, Failure);
      assertEquals([exit, message.includes("1 to 6")], [2, true], message);
    }
  }
});

/** The memories after one step on the images `index`, of which `mask` chooses some. */
async function memoriesAfter(index: readonly number[], mask: readonly number[]) {
  const [batch, size] = [index.length, 6];
  const engine = await open("cpu");
  const random = randomOf(2, "features", tf.scalar(0));
  const features = (width: number) => random.uniform([batch, width]).dataSync() as Float32Array;
  const method = crd({ negatives: 3, dimensions: 2 });
  type Taps = Net<"pooled" | "logits">;
  const withMask: Distiller<Taps, Taps, HardLabels> = {
    ...method,
    build: (context) => {
      const loss = method.build(context);
      return (step) => loss({ ...step, mask: () => tf.tensor1d([...mask]) });
    },
  };
  const network = networkOfVariables({ pooled: [batch, 3], logits: [batch, 2] });
  const setup = assembleStep({
    student: network,
    teacher: network,
    distiller: withMask,
    image: [1, 1, 1],
    classes: 2,
    labels: Int32Array.of(0, 1, 0, 1, 0, 1),
    values: new Map([["student.pooled.value", features(3)], [
      "teacher1.pooled.value",
      features(3),
    ]]),
  });
  const image = { shape: [batch, 1, 1, 1], data: new Float32Array(batch) };
  const label = Int32Array.from(index, (i) => i % 2);
  const { after, values } = await firstStep(engine, setup)(
    image,
    label,
    undefined,
    Int32Array.from(index),
  );
  engine.close();
  const before = setup.collected.get("distiller.student.bank")!.initial();
  const bank = after("distiller.student.bank");
  const rows = (values: Float32Array) =>
    Array.from({ length: size }, (_, i) => [...values.subarray(2 * i, 2 * i + 2)]);
  return {
    before: rows(before),
    bank: rows(bank),
    z: after("distiller.student.z")[0],
    loss: values.terms.crd[0],
  };
}

Deno.test("a bank stores the last chosen sample of each image, and no other row moves", async () => {
  const { before, bank, z } = await memoriesAfter([4, 1, 4, 4, 2], [1, 1, 1, 0, 0]);
  for (const row of [0, 2, 3, 5]) assertEquals(bank[row], before[row]);
  for (const row of [1, 4]) {
    assert(Math.abs(norm(bank[row]) - 1) < 1e-6 && bank[row].join() !== before[row].join());
  }
  assert(z > 0);
  // The image's first sample alone gives another row. Its second alone gives the same row.
  const [first, second] = [
    await memoriesAfter([4, 1, 4, 4, 2], [1, 1, 0, 0, 0]),
    await memoriesAfter([4, 1, 4, 4, 2], [0, 1, 1, 0, 0]),
  ];
  assertNotEquals(first.bank[4], bank[4]);
  assertEquals(second.bank[4], bank[4]);
});

Deno.test("a batch without a chosen sample leaves banks and Z as they are", async () => {
  const { before, bank, z, loss } = await memoriesAfter([4, 1, 4], [0, 0, 0]);
  assertEquals([bank, z, loss], [before, 0, 0]);
});

Deno.test("crd declares its options", () => {
  assertEquals(crd({ negatives: 10, positive: "relax" }).options, {
    student: "pooled",
    teacher: "pooled",
    dimensions: 128,
    negatives: 10,
    positive: "relax",
    temperature: 0.07,
    momentum: 0.5,
    weight: 0.8,
    ce: 1,
    kd: 0,
    kdTemperature: 4,
  });
});

/** Wrong uses of `crd`, each a compile error. Never called. */
export function wrong(
  fits: (method: Distiller<Toy, Toy, HardLabels>) => void,
  soft: (method: Distiller<Toy, Toy>) => void,
) {
  fits(crd());
  // @ts-expect-error: the student has no tap of this name.
  fits(crd({ student: "block9" }));
  // @ts-expect-error: the teacher has no tap of this name.
  fits(crd({ teacher: "block9" }));
  // @ts-expect-error: there are no such positives.
  fits(crd({ positive: "any" }));
  // @ts-expect-error: it needs each image's own class.
  soft(crd());
}
