import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { headMap } from "../../lib/distillers/parts/head_map.ts";
import { simkd, withTeachersHead } from "../../lib/distillers/simkd.ts";
import { lossOn } from "../../lib/evaluation/loss_on.ts";
import { type Distiller, withMemory } from "../../lib/experiment/distiller.ts";
import { resnet8, resnet8x4 } from "../../lib/networks/resnet.ts";
import { vgg13, vgg8 } from "../../lib/networks/vgg.ts";
import { type Wrn, wrn } from "../../lib/networks/wrn.ts";
import { description } from "../../lib/nn/description.ts";
import type { Classifier } from "../../lib/nn/network.ts";
import { mse } from "../../lib/nn/ops.ts";
import { runAfter } from "../../lib/nn/tail.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { trainStep } from "../../lib/training/step.ts";
import { Failure } from "../../lib/values/failure.ts";
import { alone } from "../support/alone.ts";
import { assembleUntrained, type Parts } from "../support/assemble_untrained.ts";
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

const toys = {
  student: withTeachersHead(small, large),
  teacher: large,
  distiller: simkd(),
};

/** Five steps: their values, the variables before and after them. */
async function train(kind: Kind, networks: Omit<Parts, "dataset"> = toys) {
  const engine = await open(kind);
  const { parts, variables } = assembleUntrained({ ...networks, dataset }, options);
  const all = [...variables.values()];
  await engine.hold(all);
  const read = async () => {
    const values = await engine.read(all);
    return new Map(all.map(({ name }, i) => [name, values[i]]));
  };
  const before = await read();
  const step = engine.compile(alone(trainStep([parts])));
  const values = [];
  for (let i = 0; i < 5; i++) values.push(await step(inputs(i)));
  const after = await read();
  engine.close();
  return { values, losses: values.map(({ loss }) => loss[0]), before, after };
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

/**
 * Registers the comparison with a case of maps of 4 × 4, where the student's have sides of `own`
 * pixels and the teacher's of `theirs`. The projector's convolutions begin with its layer `from`.
 */
const golden = async (name: string, own: number, theirs: number, from = 0) =>
  await needs(everything, `${name}: values and gradients of the paper's formula`, async () => {
    const { inputs, terms, gradients } = await newerCase(name);
    const classes = 5;
    const scores = { pooled: [3, 4], logits: [3, classes] };
    const teacher = networkOfVariables({ map: [3, theirs, theirs, 4], ...scores });
    const student = networkOfVariables({ map: [3, own, own, 3], ...scores });
    const { projected, pooled, logits } = withTeachersHead(student, teacher).stages(classes, []);
    const learned = [
      ["map", "student.map"],
      ["first", `student.projected.${from}.weight`],
      ["second", `student.projected.${from + 2}.weight`],
      ["third", `student.projected.${from + 4}.weight`],
    ] as const;
    for (const backend of ["cpu", "tensorflow"] as const) {
      const ours = await lossOn(simkd(), {
        student: { map: inputs.map, projected, pooled, logits },
        teacher: { map: inputs.teacher, pooled, logits },
        label: [0, 1, 2],
        classes,
        values: Object.fromEntries(
          learned.slice(1).map(([theirs, ours]) => [ours, inputs[theirs]]),
        ),
        backend,
      });
      assertAlmostEquals(ours.terms.feature, terms.feature, 1e-5);
      for (const [theirs, name] of learned) {
        assertNear(`${backend}: ${theirs}`, ours.gradients[name], flatten(gradients[theirs]), 1e-3);
      }
    }
  });

await golden("simkd", 4, 4);
await golden("simkd_larger", 4, 2, 1);
await golden("simkd_smaller", 2, 4);

Deno.test("simkd: the student's map is pooled to the teacher's, for images of any size", () => {
  const projected = (student: Classifier, teacher: Classifier, size: number) =>
    description(withTeachersHead(student, teacher), [size, size, 3], CLASSES).stages
      .find(({ name }) => name === "projected")!.shape;
  assertEquals(projected(resnet8, vgg8, 32), [4, 4, 512]);
  assertEquals(projected(resnet8, vgg8, 48), [6, 6, 512]);
  assertEquals(projected(vgg8, resnet8, 32), [4, 4, 64]);
  // VGG pools larger images once more.
  assertEquals(projected(resnet8x4, vgg13, 64), [4, 4, 512]);
  for (const factor of [0, -1, NaN, 65]) {
    assertThrows(() => withTeachersHead(vgg8, resnet8, { factor }), Failure, "`factor`");
  }
});

/** SimKD that reports how far the student's head is from the teacher's, on the teacher's map. */
const withHeadError: Distiller<Classifier<"projected">, Wrn> = {
  ...simkd(),
  build(context) {
    const loss = simkd().build(context);
    return (step) => {
      const map = headMap(step.teacher, "block3");
      const scores = runAfter(context.student, "projected", map, step.frozen);
      const off = mse(scores, step.teacher.taps.logits);
      return { ...withMemory(loss(step)), reports: { off } };
    };
  },
};

Deno.test("simkd: a wide ResNet may be student and teacher, its map that after norm and ReLU", async () => {
  const tiny = wrn(10, 1);
  for (const student of [small, tiny]) {
    const { values } = await train("cpu", {
      student: withTeachersHead(student, tiny),
      teacher: tiny,
      distiller: withHeadError,
    });
    const off = values.map(({ reports }) => reports.off[0]);
    assert(off[0] > 1e-4, `${off}`);
    off.slice(1).forEach((value) => assertAlmostEquals(value, 0, 1e-9));
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
