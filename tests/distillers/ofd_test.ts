import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { margin, ofd, partialDistance } from "../../lib/distillers/ofd.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { Net } from "../../lib/nn/network.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { draw } from "../support/gradients.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { distance } from "../support/tolerance.ts";
import type { Toy } from "../support/toy.ts";
import { training } from "../support/toy_training.ts";

await method("ofd", () => ofd());
await method(
  "ofd of maps of two sizes, beside kd",
  () => ofd({ taps: [["block2", "block1"]], kd: 1 }),
);
const maps = (channels: number) => ({ one: [5, 7, channels], two: [3, 2, channels], logits: [5] });
const pairs = [["one", "one"], ["two", "two"]] as const;
for (const samples of ["different", "degenerate"] as const) {
  const taps = { student: maps(3), teacher: maps(4), normed: ["one", "two"] };
  masks("ofd beside kd", () => ofd({ taps: pairs, weight: 1, kd: 1 }), taps, samples);
}

Deno.test("ofd: as released, only the statistics of the teacher's copy change, not its weights or the teacher", async () => {
  const engine = await open("cpu");
  const { step, read } = await training(engine, ofd({ released: true, kd: 1 }));
  const own = await read("distiller.teacher.");
  const teacher = await read("teacher1.");
  for (const [name, value] of own) {
    assertEquals(value, teacher.get(name.replace("distiller.teacher.0.", "teacher1.")), name);
  }
  await step();
  await step();
  for (const [name, value] of await read("distiller.teacher.")) {
    (/(mean|variance)$/.test(name) ? assertNotEquals : assertEquals)(value, own.get(name), name);
  }
  for (const [name, value] of await read("teacher1.")) assertEquals(value, teacher.get(name));
  engine.close();
});

Deno.test("ofd: a margin is the mean below zero, −3 deviations if hardly anything is below, and always finite", async () => {
  await tf.setBackend("cpu");
  const of = (scale: number, offset: number) =>
    margin(tf.tensor1d([scale]), tf.tensor1d([offset])).dataSync()[0];
  const near = (actual: number, golden: number) =>
    assert(distance([actual], [golden]) < 1e-5, `${actual}, not ${golden}`);
  near(of(1, 0), -Math.sqrt(2 / Math.PI));
  near(of(-2, 0), -2 * Math.sqrt(2 / Math.PI));
  near(of(0.5, 5), -1.5);
  near(of(1, 3.0903), -3);
  assert(of(1, 3.0901) > -0.4);
  near(of(0.01, -4), -4);
  near(of(0, -4), -4);
  assertEquals([of(0, 4), of(0, 0)].map((value) => Math.abs(value) < 1e-10), [true, true]);
});

Deno.test("ofd: the partial distance is mdistiller's, including ties", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    // Multiples of ½, so that many values are equal.
    const halves = (name: string) => tf.div(tf.round(tf.mul(draw(name, [5, 4, 3, 6], 2), 2)), 2);
    const [s, t] = [halves("s"), halves("t")];
    const m = tf.tensor1d([-0.5, -1, -1.5, -2, 0, -3]);
    const all = (...conditions: tf.Tensor[]) =>
      tf.cast(conditions.reduce((a, b) => tf.logicalAnd(a, b)), "float32");
    const mdistiller = tf.addN([
      tf.mul(tf.squaredDifference(s, m), all(tf.greater(s, m), tf.lessEqual(t, m))),
      tf.mul(
        tf.squaredDifference(s, t),
        all(tf.greater(s, t), tf.greater(t, m), tf.lessEqual(t, 0)),
      ),
      tf.mul(tf.squaredDifference(s, t), all(tf.greater(t, 0))),
    ]);
    const golden = tf.sum(mdistiller, [1, 2, 3]);
    assert(distance(partialDistance(s, t, m).dataSync(), golden.dataSync()) < 1e-6);
  });
});

/** Takes the first step between maps of odd sizes, with `mask` at every spot. */
async function step(mask: readonly number[]) {
  type Taps = Net<"stem" | "one" | "two" | "logits">;
  const batch = mask.length;
  const logits = [batch, 2];
  const method = ofd({ weight: 1 });
  const masked: Distiller<Taps, Taps> = {
    ...method,
    build: (context) => {
      const loss = method.build(context);
      return (step) => loss({ ...step, mask: () => tf.tensor1d([...mask]) });
    },
  };
  const taps = ["one", "two"];
  const shapes = (channels: number, ...sides: readonly number[][]) =>
    Object.fromEntries(["stem", ...taps].map((tap, i) => [tap, [batch, ...sides[i], channels]]));
  const made = assembleStep({
    student: networkOfVariables({ ...shapes(3, [9, 9], [5, 7], [3, 2]), logits }) as Taps,
    teacher: networkOfVariables({ ...shapes(4, [9, 9], [8, 6], [1, 5]), logits }, taps) as Taps,
    distiller: masked,
    image: [1, 1, 1],
    classes: 2,
    values: new Map(
      [...taps, "stem"].map((
        tap,
        i,
      ) => [`student.${tap}.value`, draw(tap, [batch, [35, 6, 81][i], 3]).dataSync()]) as [
        string,
        Float32Array,
      ][],
    ),
  });
  const engine = await open("cpu");
  const image = { shape: [batch, 1, 1, 1], data: new Float32Array(batch) };
  const { values, after } = await firstStep(engine, made)(image, new Int32Array(batch));
  engine.close();
  return { values, gradient: after("student.one.value") };
}

Deno.test("ofd: maps can have any sizes, and masked samples have neither loss nor gradient", async () => {
  await tf.setBackend("cpu");
  const whole = await step([1, 1, 1]);
  const none = await step([0, 0, 0]);
  assertEquals(Object.keys(whole.values.terms), [
    "task",
    "ofd_one",
    "ofd_two",
  ]);
  assert(
    [...Object.values(whole.values.terms), whole.gradient].every((values) =>
      values.every(Number.isFinite)
    ),
  );
  assertEquals([none.values.terms.ofd_one[0], none.values.terms.ofd_two[0]], [0, 0]);
  assert(none.gradient.every((value) => value === 0));
});

Deno.test("ofd: a teacher's map without a norm before it is refused by name", async () => {
  const engine = await open("cpu");
  const network = networkOfVariables({ stem: [2, 3, 3, 1], map: [2, 3, 3, 1], logits: [2, 2] });
  const made = () =>
    assembleStep({
      student: network,
      teacher: network,
      distiller: ofd(),
      image: [1, 1, 1],
      classes: 2,
      values: new Map(),
    });
  const { exit, message } = assertThrows(made, Failure);
  assertEquals([exit, message.includes("map")], [2, true]);
  engine.close();
});

Deno.test("ofd: the declaration has the options", () => {
  assertEquals(ofd().options, {
    taps: "maps",
    released: false,
    weight: 0.001,
    ce: 1,
    kd: 0,
    temperature: 4,
  });
});

/** Wrong uses of `ofd`, each a compile error; never run. */
export function wrong(fits: (method: Distiller<Toy, Toy>) => void) {
  fits(ofd());
  fits(ofd({ taps: [["block1", "block2"]], released: true }));
  // @ts-expect-error: the student has no tap of this name.
  fits(ofd({ taps: [["block9", "block2"]] }));
  // @ts-expect-error: the teacher has no tap of this name.
  fits(ofd({ taps: [["block1", "block9"]] }));
}
