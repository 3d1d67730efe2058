import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { hierarchicalContextLoss, reviewkd } from "../../lib/distillers/reviewkd.ts";
import type { Failure } from "../../lib/values/failure.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { type Kind, open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { draw } from "../support/gradients.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";
import type { Toy } from "../support/toy.ts";
import { training } from "../support/toy_training.ts";

await method("reviewkd", () => reviewkd({ weight: 5 }));
await method(
  "reviewkd of maps before their ReLUs, beside kd",
  () =>
    reviewkd({
      taps: [["block1", "block1"], ["block2", "block2"]],
      preactivation: true,
      warmup: 0,
      kd: 1,
    }),
);

const pairs = [["one", "one"], ["two", "two"], ["pooled", "pooled"]] as const;
const shapes = {
  student: { one: [9, 7, 3], two: [5, 3, 4], pooled: [6], logits: [5] },
  teacher: { one: [5, 8, 2], two: [3, 3, 5], pooled: [4], logits: [5] },
};
for (const samples of ["different", "degenerate"] as const) {
  masks("reviewkd beside kd", () => reviewkd({ taps: pairs, warmup: 0, kd: 1 }), shapes, samples);
}

/** Takes the first step between maps with odd sides, which differ between student and teacher. */
async function step(kind: Kind) {
  const batch = 3;
  const students = {
    one: [batch, 9, 7, 3],
    two: [batch, 5, 3, 4],
    pooled: [batch, 6],
    logits: [batch, 2],
  };
  const teachers = {
    one: [batch, 5, 8, 2],
    two: [batch, 3, 3, 5],
    pooled: [batch, 4],
    logits: [batch, 2],
  };
  const values = (who: string, taps: typeof students) =>
    Object.entries(taps).map(([tap, shape]) =>
      [`${who}.${tap}.value`, draw(`${who}/${tap}`, shape).dataSync() as Float32Array] as const
    );
  const made = assembleStep({
    student: networkOfVariables(students),
    teacher: networkOfVariables(teachers),
    distiller: reviewkd({ taps: pairs, warmup: 0 }),
    image: [1, 1, 1],
    classes: 2,
    values: new Map([...values("student", students), ...values("teacher1", teachers)]),
  });
  const engine = await open(kind);
  const image = { shape: [batch, 1, 1, 1], data: new Float32Array(batch) };
  const { values: losses, after } = await firstStep(engine, made)(image, new Int32Array(batch));
  engine.close();
  const learning = made.trainable.filter(({ fixed, name }) =>
    !fixed && name !== "student.logits.value"
  );
  return {
    losses,
    gradients: learning.map(({ name }): [string, Float32Array] => [name, after(name)]),
  };
}

await needs(
  everything,
  "reviewkd: maps can have any sizes, with equal results on TensorFlow and tfjs's own backend",
  async () => {
    const [compiled, cpu] = [await step("compiled"), await step("cpu")];
    for (const [name, value] of Object.entries(cpu.losses.terms)) {
      assertNear(
        name,
        compiled.losses.terms[name],
        value,
        1e-5,
      );
    }
    for (const [i, [name, value]] of cpu.gradients.entries()) {
      assertNear(name, compiled.gradients[i][1], value, 1e-4);
    }
  },
);

Deno.test("reviewkd: the hierarchical context has only the levels that are smaller than the map", async () => {
  await tf.setBackend("cpu");
  const at = (side: number) => {
    const maps = tf.concat([tf.ones([1, side, side, 2]), tf.fill([1, side, side, 2], -2)]);
    return [...hierarchicalContextLoss(maps, tf.zerosLike(maps)).dataSync()];
  };
  // A constant map is the same at every level.
  for (const side of [1, 2, 3, 4, 5, 8]) {
    at(side).forEach((value, i) => assertAlmostEquals(value, [1, 4][i], 1e-5));
  }
  // An alternating map is 0 from the first level on.
  const board = tf.tensor4d([[[[1], [-1]], [[-1], [1]]]]);
  assertAlmostEquals(
    hierarchicalContextLoss(board, tf.zerosLike(board)).dataSync()[0],
    1 / 1.5,
    1e-6,
  );
});

Deno.test("reviewkd: the weight grows over the warm-up, from the first epoch or the second", async () => {
  const engine = await open("cpu");
  const loss = async (options: Parameters<typeof reviewkd>[0]) => {
    const values = await (await training(engine, reviewkd({ weight: 2, ...options }))).step();
    return ["block1", "block2", "pooled"].map((tap) => values.terms[`reviewkd_${tap}`][0]);
  };
  const full = await loss({ warmup: 0 });
  const near = (losses: number[], share: number) =>
    losses.forEach((value, i) => assertAlmostEquals(value, share * full[i], 1e-5 * full[i]));
  near(await loss({}), 1 / 20);
  near(await loss({ warmup: 1 }), 1);
  near(await loss({ first: 0 }), 0);
  near(await loss({ warmup: 5 }), 1 / 5);
  engine.close();
});

Deno.test("reviewkd: a tap in two pairs is refused by name", async () => {
  const engine = await open("cpu");
  const twice = reviewkd({ taps: [["block1", "block1"], ["block1", "pooled"]] });
  let failure: Failure | undefined;
  await training(engine, twice).catch((error) => failure = error);
  assertEquals([failure?.exit, failure?.message.includes("block1")], [2, true]);
  engine.close();
});

Deno.test("reviewkd: the declaration has the options", () => {
  assertEquals(reviewkd().options, {
    taps: "maps",
    preactivation: false,
    channels: 512,
    weight: 1,
    warmup: 20,
    first: 1,
    ce: 1,
    kd: 0,
    temperature: 4,
  });
});

/** Wrong uses of `reviewkd`, each a compile error; never run. */
export function wrong(fits: (method: Distiller<Toy, Toy>) => void) {
  fits(reviewkd());
  fits(reviewkd({ taps: [["block1", "block2"], ["pooled", "pooled"]] }));
  // @ts-expect-error: the student has no tap of this name.
  fits(reviewkd({ taps: [["block9", "block2"]] }));
  // @ts-expect-error: the teacher has no tap of this name.
  fits(reviewkd({ taps: [["block1", "block9"]] }));
  // @ts-expect-error: epochs are counted from 0 or from 1.
  fits(reviewkd({ first: 2 }));
}
