import { assertAlmostEquals, assertEquals } from "@std/assert";
import { cc, type CcOptions } from "../../lib/distillers/cc.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { masks } from "../support/masks.ts";
import { method } from "../support/method.ts";

const taps = { student: { pooled: [6], logits: [5] }, teacher: { pooled: [7], logits: [5] } };
for (const kernel of ["consecutive", "bilinear", "gaussian"] as const) {
  await method(`cc, ${kernel}`, () => cc({ kernel }));
  for (const samples of ["different", "degenerate"] as const) {
    masks(`cc, ${kernel}`, () => cc({ kernel, units: 3, kd: 1 }), taps, samples);
  }
}

/** The congruence of these embeddings of one number each. */
async function congruence(
  student: number[],
  teacher: number[],
  options: CcOptions<"pooled", "pooled">,
) {
  const batch = student.length;
  const network = networkOfVariables({ pooled: [batch, 1], logits: [batch, 2] });
  const values = new Map(
    Object.entries({ "student.pooled.value": student, "teacher1.pooled.value": teacher }),
  );
  for (const side of ["student", "teacher"]) {
    values.set(`distiller.embed.${side}.0.weight`, [1]).set(`distiller.embed.${side}.0.bias`, [0]);
  }
  const setup = assembleStep({
    student: network,
    teacher: network,
    distiller: cc({ units: 1, weight: 1, ...options }),
    image: [1, 1, 1],
    classes: 2,
    values: new Map(Array.from(values, ([name, numbers]) => [name, Float32Array.from(numbers)])),
  });
  const engine = await open("cpu");
  const image = { shape: [batch, 1, 1, 1], data: new Float32Array(batch) };
  const step = await firstStep(engine, setup)(image, new Int32Array(batch));
  engine.close();
  return step.values.terms.cc[0];
}

Deno.test("cc multiplies the differences of consecutive samples", async () => {
  assertAlmostEquals(
    await congruence([1, 5, -2, 0], [0, 3, 1, 4], {}),
    (1 * 2 + 2 * 3 + 3 * 4) / 3,
    1e-5,
  );
  assertEquals(await congruence([1], [0], {}), 0);
});

Deno.test("cc's kernels are the paper's", async () => {
  const student = [0.5, -1];
  const teacher = [1, 0.25];
  const distance = (kernel: (a: number, b: number) => number) => {
    const differences = [0, 1, 2, 3].map((pair) => {
      const [i, j] = [pair >> 1, pair & 1];
      return kernel(student[i], student[j]) - kernel(teacher[i], teacher[j]);
    });
    return Math.hypot(...differences) / 4;
  };
  const bilinear = distance((a, b) => a * b);
  assertAlmostEquals(await congruence(student, teacher, { kernel: "bilinear" }), bilinear, 1e-6);
  // With enough powers the expansion is the exponential.
  const gaussian = distance((a, b) => Math.exp(2 * 0.7 * (a * b - 1)));
  const options = { kernel: "gaussian", gamma: 0.7, power: 20 } as const;
  assertAlmostEquals(await congruence(student, teacher, options), gaussian, 1e-6);
});
