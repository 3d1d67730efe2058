import { assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type {
  BuildContext,
  SeveralTeachers,
  StepContext,
  Terms,
} from "../../lib/experiment/distiller.ts";
import { ebkd } from "../../lib/distillers/ebkd.ts";
import type { Scorer } from "../../lib/nn/network.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { termWeights } from "../support/term_weights.ts";
import { large, type Toy, toy } from "../support/toy.ts";

const teacher: readonly [Toy, Toy, Toy] = [large, toy("larger", 6), toy("widest", 8)];

await method("ebkd", () => ebkd(), { teacher });
termWeights("ebkd", ebkd, { ce: ["task"], kd: ["teacher1", "teacher2", "teacher3"] }, { teacher });

masks("ebkd", () => ebkd(), {
  student: { logits: [5] },
  teacher: [{ logits: [5] }, { logits: [5] }, { logits: [5] }],
});

/** Each teacher's term for one image. */
function termValues(student: number[], teachers: number[][]): number[] {
  return tf.tidy(() => {
    const output = (logits: number[]) => ({ taps: { logits: tf.tensor2d([logits]) } });
    const step = {
      student: output(student),
      teacher: teachers.map(output),
      task: () => tf.zeros([1]),
      mask: () => {},
    };
    const context = { teacher: teachers } as unknown as BuildContext<Scorer, SeveralTeachers>;
    const terms = ebkd({ temperature: 1 }).build(context)(
      step as unknown as StepContext<Scorer, SeveralTeachers>,
    ) as Terms;
    return teachers.map((_, i) => {
      const [weight, values] = terms[`teacher${i + 1}`];
      return Number(weight) * values.dataSync()[0];
    });
  });
}

Deno.test("a teacher with uniform logits has no weight beside one that is sure", async () => {
  await tf.setBackend("cpu");
  const [sure, unsure] = termValues([0, 0, 1], [[200, 0, 0], [0, 0, 0]]);
  assertAlmostEquals(sure, (Math.log(2 + Math.E) - 0) / 2, 1e-5);
  assertAlmostEquals(unsure, 0, 1e-6);
});

Deno.test("teachers without entropy have equal weights", async () => {
  await tf.setBackend("cpu");
  const terms = termValues([0, 0, 0], [[500, 0, 0], [0, 500, 0], [0, 0, 500]]);
  for (const term of terms) assertAlmostEquals(term, (2 / 3) * Math.log(3) / 3, 1e-5);
});
