import { assertAlmostEquals, assertEquals } from "@std/assert";
import { combine } from "../../lib/distillers/combine.ts";
import { deit, type DeitOptions } from "../../lib/distillers/deit.ts";
import { kd } from "../../lib/distillers/kd.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { type Toy, type TwoHeadedToy, twoHeadedToy } from "../support/toy.ts";

const student = twoHeadedToy("two heads", 2);

await method("deit", () => deit(), { student });
await method("deit, soft", () => deit({ kind: "soft" }), { student });

for (
  const options of [{}, { kind: "soft" }, { kind: "soft", perClass: true }] satisfies DeitOptions[]
) {
  masks(`deit, ${JSON.stringify(options)}`, () => deit(options), {
    student: { heads: [2, 5], logits: [5] },
    teacher: { logits: [5] },
  });
}

const CLASS_HEAD = [[1, 2, 0.5], [3, -1, 0]];
const DISTILLATION_HEAD = [[0.5, -2, 1], [1, 1, -1]];
const TEACHER = [[0, 1, 2], [5, 0, 0]];
const LABELS = [1, 2];

/** The terms of the first step between these logits. */
async function terms(options: DeitOptions): Promise<Record<string, number>> {
  const made = assembleStep({
    student: networkOfVariables({ heads: [2, 2, 3], logits: [2, 3] }),
    teacher: networkOfVariables({ logits: [2, 3] }),
    distiller: deit(options),
    image: [1, 1, 1],
    classes: 3,
    values: new Map([
      [
        "student.heads.value",
        Float32Array.from(CLASS_HEAD.flatMap((row, i) => [...row, ...DISTILLATION_HEAD[i]])),
      ],
      ["teacher1.logits.value", Float32Array.from(TEACHER.flat())],
    ]),
  });
  const engine = await open("cpu");
  const image = { shape: [2, 1, 1, 1], data: new Float32Array(2) };
  const { values } = await firstStep(engine, made)(image, Int32Array.from(LABELS));
  engine.close();
  return Object.fromEntries(Object.entries(values.terms).map(([name, [value]]) => [name, value]));
}

const logSoftmax = (row: readonly number[], T = 1) => {
  const log = Math.log(row.reduce((sum, value) => sum + Math.exp(value / T), 0));
  return row.map((value) => value / T - log);
};

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;

const crossEntropy = (rows: number[][], labels: number[]) =>
  mean(rows.map((row, i) => -logSoftmax(row)[labels[i]]));

/** The mean of T² · KL(teacher ‖ distillation head). */
const divergence = (T: number) =>
  mean(DISTILLATION_HEAD.map((row, i) => {
    const [p, q] = [logSoftmax(TEACHER[i], T), logSoftmax(row, T)];
    return T ** 2 * p.reduce((sum, log, j) => sum + Math.exp(log) * (log - q[j]), 0);
  }));

Deno.test("deit: the class head learns the label, the distillation head the teacher's class", async () => {
  for (const alpha of [0.5, 0.2]) {
    const { task, distill } = await terms({ alpha });
    assertAlmostEquals(task, (1 - alpha) * crossEntropy(CLASS_HEAD, LABELS), 1e-5);
    assertAlmostEquals(distill, alpha * crossEntropy(DISTILLATION_HEAD, [2, 0]), 1e-5);
  }
  assertEquals(await terms({}), await terms({ kind: "hard", alpha: 0.5 }));
});

Deno.test("deit, soft: the distillation head learns the teacher's probabilities", async () => {
  const { task, distill } = await terms({ kind: "soft", alpha: 0.4, temperature: 2 });
  assertAlmostEquals(task, 0.6 * crossEntropy(CLASS_HEAD, LABELS), 1e-5);
  assertAlmostEquals(distill, 0.4 * divergence(2), 1e-5);
  const released = { kind: "soft", alpha: 0.5, temperature: 1, perClass: true } as const;
  assertAlmostEquals((await terms(released)).distill, 0.5 * divergence(1) / 3, 1e-5);
});

Deno.test("deit, soft: the defaults are the paper's", async () => {
  const { task, distill } = await terms({ kind: "soft" });
  assertAlmostEquals(task, 0.9 * crossEntropy(CLASS_HEAD, LABELS), 1e-5);
  assertAlmostEquals(distill, 0.1 * divergence(3), 1e-5);
});

Deno.test("deit: the declaration has the options", () => {
  assertEquals(deit().options, { kind: "hard", alpha: 0.5 });
  assertEquals(deit({ kind: "soft" }).options, {
    kind: "soft",
    alpha: 0.1,
    temperature: 3,
    perClass: false,
  });
});

/** Wrong uses of `deit`, each a compile error; never run. */
export function wrong(
  fits: (method: Distiller<TwoHeadedToy, Toy>) => void,
  oneHead: (method: Distiller<Toy, Toy>) => void,
) {
  fits(deit());
  fits(combine(deit({ kind: "soft", temperature: 1 }), kd()));
  // @ts-expect-error: the student has no distillation head.
  oneHead(deit());
  // @ts-expect-error: a label has no temperature.
  fits(deit({ kind: "hard", temperature: 2 }));
  // @ts-expect-error: the default is the label.
  fits(deit({ temperature: 2 }));
  // @ts-expect-error: there is no such kind.
  fits(deit({ kind: "mixed" }));
}
