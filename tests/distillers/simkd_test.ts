import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { simkd, withTeachersHead } from "../../lib/distillers/simkd.ts";
import { lossOn } from "../../lib/evaluation/loss_on.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { trainStep } from "../../lib/training/step.ts";
import { Failure } from "../../lib/values/failure.ts";
import { alone } from "../support/alone.ts";
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
  const classes = 5;
  const teacher = networkOfVariables({ map: [3, 4, 4, 4], pooled: [3, 4], logits: [3, classes] });
  const student = networkOfVariables({ map: [3, 4, 4, 3], pooled: [3, 3], logits: [3, classes] });
  const { projected, pooled, logits } = withTeachersHead(student, teacher).stages(classes);
  const convolutions = [["first", 0], ["second", 2], ["third", 4]] as const;
  const nameOf = (layer: number) => `student.projected.${layer}.weight`;
  for (const backend of ["cpu", "tensorflow"] as const) {
    const ours = await lossOn(simkd(), {
      student: { map: inputs.map, projected, pooled, logits },
      teacher: { map: inputs.teacher, pooled, logits },
      label: [0, 1, 2],
      classes,
      values: Object.fromEntries(convolutions.map(([name, i]) => [nameOf(i), inputs[name]])),
      backend,
    });
    assertAlmostEquals(ours.terms.feature, terms.feature, 1e-5);
    for (
      const [theirs, name] of [
        ["map", "student.map"],
        ...convolutions.map(([theirs, i]) => [theirs, nameOf(i)]),
      ]
    ) {
      assertNear(`${backend}: ${theirs}`, ours.gradients[name], flatten(gradients[theirs]), 1e-3);
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
