import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { BuildContext, SeveralTeachers } from "../../lib/experiment/distiller.ts";
import { aekd, type AekdOptions } from "../../lib/distillers/aekd.ts";
import { aver } from "../../lib/distillers/aver.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { Scorer } from "../../lib/nn/network.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { assertNear } from "../support/tolerance.ts";
import { large, type Toy, toy } from "../support/toy.ts";
import { flat, training } from "../support/toy_training.ts";

const larger = toy("larger", 6);
const teacher: readonly [Toy, Toy] = [large, larger];
const hints = { guided: "block1", hint: "block2", begin: 1, weight: 10 } as const;

await method("aekd", () => aekd(), { teacher });
await method(
  "aekd by directions, standardised",
  () => aekd({ directions: true, standardised: true }),
  { teacher },
);
await method("aekd with hints", () => aekd({ hints }), { teacher });

const logits = {
  student: { logits: [5] },
  teacher: [{ logits: [5] }, { logits: [5] }, { logits: [5] }],
};
masks("aekd", () => aekd(), logits);
masks("aekd", () => aekd(), logits, "degenerate");
masks("aekd by directions", () => aekd({ directions: true, most: 1 }), logits);
const maps = {
  student: { map: [4, 4, 3], logits: [5] },
  teacher: [{ map: [4, 4, 2], logits: [5] }, { map: [2, 2, 3], logits: [5] }],
};
const withHints = () => aekd({ hints: { guided: "map", hint: "map", begin: 1 } });
for (const samples of ["different", "degenerate"] as const) {
  masks("aekd with hints", withHints, maps, samples);
}

/** The first step's terms and gradients, those of the student and of the method's own variables. */
async function first(options: AekdOptions<"block1", "block2">, teacher: SeveralTeachers<Toy>) {
  const engine = await open("cpu");
  const { step, read } = await training(engine, aekd(options), { teacher });
  const { terms } = await step();
  const gradient = flat(await read("velocity.student."));
  const own = flat(await read("velocity.distiller."));
  engine.close();
  return { terms, gradient, own };
}

Deno.test("aekd with equal shares as the largest weights is aver", async () => {
  const aekdStep = await first({ most: 0.5 }, teacher);
  const engine = await open("cpu");
  const { step, read } = await training(engine, aver(), { teacher });
  const { terms } = await step();
  const gradient = flat(await read("velocity.student."));
  engine.close();
  for (const name of ["task", "teacher1", "teacher2"]) {
    assertAlmostEquals(aekdStep.terms[name][0], terms[name][0], 1e-5);
  }
  assertNear("gradient", aekdStep.gradient, gradient, 1e-4);
});

Deno.test("hints count from their first epoch on", async () => {
  const before = await first({ hints: { ...hints, begin: 2 } }, teacher);
  const without = await first({}, teacher);
  assertEquals(before.gradient, without.gradient);
  assert(before.own.every((value) => value === 0));
  const [one, two] = [1, 2].map((i) => before.terms[`hint${i}`][0]);
  assertEquals([one, two], [0, 0]);
  const after = await first({ hints }, teacher);
  assert([1, 2].every((i) => after.terms[`hint${i}`][0] > 0));
  assert(after.own.some((value) => value !== 0));
});

Deno.test("aekd refuses more than 8 teachers", () => {
  const context = { teacher: new Array(9).fill({}), student: {} } as unknown as BuildContext<
    Scorer,
    SeveralTeachers
  >;
  const { exit, message } = assertThrows(() => aekd().build(context), Failure);
  assertEquals([exit, message.includes("8 teachers at most, not 9")], [2, true]);
});

Deno.test("no teacher objects to the mixture of the gradients", async () => {
  await tf.setBackend("cpu");
  const student = tf.tensor2d([[1, 0, -1], [0.5, 2, 0]]);
  const teachers = [[[3, 0, 0], [0, 1, 2]], [[0, 3, 0], [1, 1, -2]]].map((rows) =>
    tf.tensor2d(rows)
  );
  const output = (logits: tf.Tensor) => ({ taps: { logits } });
  const objective = (student: tf.Tensor) => {
    const step = {
      student: output(student),
      teacher: teachers.map(output),
      task: () => tf.zeros([2]),
      mask: () => undefined,
    };
    const context = { teacher: teachers, student: {} } as unknown as BuildContext<
      Scorer,
      SeveralTeachers
    >;
    const terms = aekd({ temperature: 1, kd: 1, most: 1 }).build(context)(step as never) as Record<
      string,
      [tf.Tensor, tf.Tensor]
    >;
    return tf.addN([1, 2].map((i) => tf.mean(tf.mul(...terms[`teacher${i}`])))) as tf.Scalar;
  };
  const mixture = tf.mul(tf.mean(tf.grad(objective)(student), 0), 2);
  const [length] = tf.sum(tf.square(mixture)).dataSync();
  for (const one of teachers) {
    const own = tf.mean(tf.sub(tf.softmax(student), tf.softmax(one)), 0);
    assert(tf.sum(tf.mul(own, mixture)).dataSync()[0] >= length - 1e-5);
  }
});
