/** Grad-CAM++ beside the package grad-cam's, whose maps `tests/support/figures.py` computed. */
import { assertEquals, assertRejects } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { classMaps, gradCamStep } from "../../lib/analysis/grad_cam.ts";
import { convNorm } from "../../lib/nn/conv.ts";
import { variableShapes } from "../../lib/nn/description.ts";
import { dense, globalAveragePool, relu } from "../../lib/nn/layers.ts";
import { buildModel, classifier } from "../../lib/nn/network.ts";
import { stage } from "../../lib/nn/stage.ts";
import { type Variable, variables } from "../../lib/nn/variables.ts";
import { Failure } from "../../lib/values/failure.ts";
import { open } from "../support/engines.ts";
import { figureGolden } from "../support/figures.ts";
import { ourMap, ourWeight } from "../support/layout.ts";
import { everything, needs } from "../support/needs.ts";
import { recipe, type Role } from "../support/recipe.ts";
import { subjectOf } from "../support/subject.ts";
import { assertNear } from "../support/tolerance.ts";

/** A map of each size, the last one with negative numbers. */
const network = classifier("three", {}, (classes) => ({
  stem: stage(convNorm(6), relu()),
  block1: stage(convNorm(8, { stride: 2 }), relu()),
  block2: stage(convNorm(8, { stride: 2 })),
  pooled: stage(globalAveragePool()),
  logits: stage(dense(classes)),
}));

/** How the recipe makes a variable. */
function roleOf(name: string): Role {
  if (/norm\.(scale|variance)$/.test(name)) return "norm.weight";
  if (name.includes(".norm.")) return "norm.bias";
  return name.endsWith("bias") ? "bias" : "weight";
}

function theirShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 4) return [shape[3], shape[2], shape[0], shape[1]];
  return shape.toReversed();
}

/** The network with the recipe's weights, and all its variables. */
function build(image: readonly number[], classes: number) {
  const values = new Map(
    Array.from(variableShapes(network, image, classes), ([name, shape]) => [
      name,
      ourWeight(recipe(1, name, theirShape(shape), roleOf(name))).data,
    ]),
  );
  const collected = new Map<string, Variable>();
  const scope = variables({ seed: 1, collected, fixed: true, values });
  return { model: buildModel(network, scope, image, classes), all: [...collected.values()] };
}

/** The recipe's images are not bytes. */
const AS_THEY_ARE = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };

for (const kind of ["cpu", "compiled"] as const) {
  await needs(everything, `grad_cam: the maps of each tap are grad-cam's, ${kind}`, async () => {
    const { shape, classes, explained, logits, maps } = await figureGolden("grad_cam");
    const [batch, channels, height, width] = shape;
    const { model, all } = build([height, width, channels], classes);
    const engine = await open(kind);
    try {
      await engine.hold(all);
      assertEquals<readonly string[]>(model.maps, Object.keys(maps));
      for (const tap of model.maps) {
        const found = await engine.compile(gradCamStep(model, tap, AS_THEY_ARE))({
          image: ourMap(recipe(1, "image", shape, "image")),
          label: { shape: [batch], data: Int32Array.from(explained) },
        });
        assertNear("logits", found.logits, logits.flat(), 1e-5);
        assertNear(tap, found.maps, maps[tap].flat(2), 1e-4);
        const off = maps[tap].flat(2).map((value, i) => Math.abs(value - found.maps[i]));
        assertEquals(off.filter((one) => one > 1e-4), [], tap);
      }
    } finally {
      engine.close();
    }
  });
}

await needs(everything, "grad_cam: maps of chosen test images, for their own classes", async () => {
  const dataset = synthetic({ size: 8, train: 8, test: 6, classes: 5 });
  const { subject, options } = subjectOf(network, dataset);
  const found = await classMaps(subject, [4, 1], options);
  const { test } = await dataset.open("");
  assertEquals([...found.labels], [test.labels[4], test.labels[1]]);
  assertEquals(found.pixels, await test.read([4, 1]));
  assertEquals([found.maps.length, found.classes.length], [2 * 64, 5]);
  await assertRejects(
    () => classMaps(subject, [2, 6], options),
    Failure,
    "synthetic has the test images 0 to 5, not 6",
  );
});
