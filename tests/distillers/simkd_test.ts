import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { simkd, withTeachersHead } from "../../lib/distillers/simkd.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { trainStep } from "../../lib/training/step.ts";
import { Failure } from "../../lib/values/failure.ts";
import { alone } from "../support/alone.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { assembleUntrained } from "../support/assemble_untrained.ts";
import { type Kind, open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { networkOfVariables } from "../support/network_of_variables.ts";
import { flatten, newerCase } from "../support/newer_methods.ts";
import { assertNear } from "../support/tolerance.ts";
import { CLASSES, IMAGE, inputs, large, small } from "../support/toy.ts";

const dataset = {
  task: classification,
  augmentation: { crop: 0, flip: false },
  normalisation: { mean: [0.5, 0.4, 0.3], std: [0.3, 0.2, 0.25] },
};
const options = {
  seed: 1,
  image: IMAGE,
  classes: CLASSES,
  train: { size: 100, labels: new Int32Array(100) },
  schedule: sgd({ epochs: 1, batch: 4, lr: 0.1 }),
};

/** Five steps: the losses, the variables before and after them. */
async function train(kind: Kind) {
  const engine = await open(kind);
  const { parts, variables } = assembleUntrained({
    student: withTeachersHead(small, large),
    teacher: large,
    distiller: simkd(),
    dataset,
  }, options);
  const all = [...variables.values()];
  await engine.hold(all);
  const read = async () => {
    const values = await engine.read(all);
    return new Map(all.map(({ name }, i) => [name, values[i]]));
  };
  const before = await read();
  const step = engine.compile(alone(trainStep([parts])));
  const losses: number[] = [];
  for (let i = 0; i < 5; i++) losses.push((await step(inputs(i))).loss[0]);
  const after = await read();
  engine.close();
  return { losses, before, after };
}

await needs(everything, "simkd: five steps are the same compiled, eager and on cpu", async () => {
  const compiled = await train("compiled");
  for (const kind of ["eager", "cpu"] as const) {
    assertNear(kind, (await train(kind)).losses, compiled.losses, 1e-4);
  }
});

Deno.test("simkd: the projector learns, and the student's head becomes the teacher's", async () => {
  const { before, after } = await train("cpu");
  const head = (who: string) =>
    ["weight", "bias"].map((part) => after.get(`${who}.logits.${part}`)!);
  assertEquals(head("student"), head("teacher1"));
  const moved = [...before].filter(([name, value]) => String(value) !== String(after.get(name)));
  const names = moved.map(([name]) => name);
  assert(names.some((name) => name.startsWith("student.projected.")), names.join());
  assert(names.some((name) => name.startsWith("student.stem.")), names.join());
  assert(!names.some((name) => name.startsWith("teacher1.")), names.join());
});

await needs(everything, "simkd: values and gradients of the paper's formula", async () => {
  const { inputs, terms, gradients } = await newerCase("simkd");
  const teacher = networkOfVariables({ map: [3, 4, 4, 4], pooled: [3, 4], logits: [3, 5] });
  const student = networkOfVariables({ map: [3, 4, 4, 3], pooled: [3, 3], logits: [3, 5] });
  const weights = [
    ["first", "student.projected.0.weight"],
    ["second", "student.projected.2.weight"],
    ["third", "student.projected.4.weight"],
  ] as const;
  const made = assembleStep({
    student: withTeachersHead(student, teacher),
    teacher,
    distiller: simkd(),
    image: [1, 1, 1],
    classes: 5,
    values: new Map([
      ["student.map.value", flatten(inputs.map)],
      ["teacher1.map.value", flatten(inputs.teacher)],
      ...weights.map(([theirs, ours]) => [ours, flatten(inputs[theirs])] as const),
    ]),
  });
  const image = { shape: [3, 1, 1, 1], data: new Float32Array(3) };
  for (const kind of ["compiled", "cpu"] as const) {
    const engine = await open(kind);
    const step = await firstStep(engine, made)(image, Int32Array.of(0, 1, 2));
    engine.close();
    assertAlmostEquals(step.values.terms.feature[0], terms.feature, 1e-5);
    for (const [theirs, ours] of [["map", "student.map.value"] as const, ...weights]) {
      assertNear(`${kind}: ${theirs}`, step.after(ours), flatten(gradients[theirs]), 1e-3);
    }
  }
});

Deno.test("simkd: a student with a head of its own is refused", () => {
  const student = withTeachersHead(small, small);
  assertThrows(
    () => assembleUntrained({ student, teacher: large, distiller: simkd(), dataset }, options),
    Failure,
    "withTeachersHead(student, teacher)",
  );
});
