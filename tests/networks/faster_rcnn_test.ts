import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { StepFunction } from "../../lib/engine/engine.ts";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { safetensors } from "../../lib/export/safetensors.ts";
import { fasterRcnn, type FasterRcnnOptions } from "../../lib/networks/faster_rcnn.ts";
import * as imagenet from "../../lib/networks/imagenet.ts";
import type { Detector } from "../../lib/nn/detector.ts";
import { buildModel, type Net } from "../../lib/nn/network.ts";
import { passes } from "../../lib/nn/pass.ts";
import { runAfter } from "../../lib/nn/tail.ts";
import { sizeOf, type Variable, variables } from "../../lib/nn/variables.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { detection } from "../../lib/tasks/detection.ts";
import { Failure } from "../../lib/values/failure.ts";
import { importWeights } from "../../lib/weights/import_weights.ts";
import { decode } from "../../lib/weights/safetensors.ts";
import { toValue } from "../../lib/weights/value.ts";
import { assembleUntrained } from "../support/assemble_untrained.ts";
import { open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

const SMALL = { body: imagenet.resnet18, width: 8, channels: 8, hidden: 16 } as const;
const IMAGE = [64, 96, 3] as const;
const CLASSES = 4;

function modelOf(options: FasterRcnnOptions = SMALL, collected = new Map<string, Variable>()) {
  return buildModel(fasterRcnn(options), variables({ seed: 1, collected }), IMAGE, CLASSES);
}

Deno.test("fasterRcnn: taps are the body's, the pyramid's and one row for each anchor", () => {
  const { shapes, multiplyAdds, parts } = modelOf();
  assertEquals({ ...shapes }, {
    stem: [32, 48, 8],
    block1: [16, 24, 8],
    block2: [8, 12, 16],
    block3: [4, 6, 32],
    block4: [2, 3, 64],
    p5: [2, 3, 8],
    p4: [4, 6, 8],
    p3: [8, 12, 8],
    p2: [16, 24, 8],
    p6: [1, 2, 8],
    rpn: [3 * (6 + 24 + 96 + 384 + 2), 5],
  });
  assertEquals(parts.p6, []);
  assertEquals(parts.box.map(({ shape }) => shape).slice(0, 2), [[7, 7, 8, 16], [16]]);
  const bare = modelOf({ ...SMALL, hidden: 32 });
  assertEquals(bare.multiplyAdds, multiplyAdds, "the head runs on regions");
});

Deno.test("fasterRcnn: options are recorded that differ from the default, and checked", () => {
  assertEquals([fasterRcnn().id, fasterRcnn().options], ["fasterrcnn_resnet50_fpn", {}]);
  const { body: _, ...widths } = SMALL;
  const own = { epsilon: 0, trainableLayers: 5, start: "detectron2" } as const;
  const small = fasterRcnn({ ...SMALL, ...own, regions: { canonicalSize: 56 } });
  assertEquals(small.id, "fasterrcnn_resnet18_fpn");
  assertEquals(small.options, { ...widths, ...own, regions: { side: 7, canonicalSize: 56 } });
  for (
    const [options, problem] of [
      [{ width: 0 }, "`width` is 0"],
      [{ epsilon: -1 }, "`epsilon` is -1"],
      [{ trainableLayers: 6 }, "at most 5"],
      [{ anchors: { sizes: [32, 64] } }, "a size for each of the 5 levels"],
      [{ anchors: { ratios: [0] } }, "`anchors.ratios` is 0"],
      [{ regions: { side: 0.5 } }, "`side` is 0.5"],
      [{ norm: "batch", trainableLayers: 3 }, "batch norms learn in every stage"],
    ] as [FasterRcnnOptions, string][]
  ) {
    assertThrows(() => fasterRcnn(options), Failure, problem);
  }
});

Deno.test("fasterRcnn: norms never change, and of the body only the last stages learn", () => {
  const frozenStages = (options: FasterRcnnOptions) => {
    const { variables: all } = modelOf({ ...SMALL, ...options });
    const norms = all.filter(({ name }) => name.includes(".norm."));
    assertEquals(norms.every(({ fixed, trainable }) => fixed && !trainable), true);
    const frozen = all.filter(({ fixed, trainable }) => fixed && trainable);
    return [...new Set(frozen.map(({ name }) => name.split(".")[0]))];
  };
  assertEquals(frozenStages({}), ["stem", "block1"]);
  assertEquals(frozenStages({ trainableLayers: 5 }), []);
  assertEquals(frozenStages({ trainableLayers: 1 }), ["stem", "block1", "block2", "block3"]);
  const { variables: all } = modelOf({ ...SMALL, norm: "batch" });
  assertEquals(all.some(({ fixed }) => fixed), false);
});

/** The standard deviation of a variable's initial values. */
function deviation({ initial }: Variable): number {
  const values = initial();
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
}

Deno.test("fasterRcnn: starts as torchvision does, or its head as detectron2's", () => {
  for (const start of ["torchvision", "detectron2"] as const) {
    const collected = new Map<string, Variable>();
    modelOf({ ...SMALL, channels: 64, hidden: 256, start }, collected);
    const own = start === "detectron2";
    const near = (name: string, expected: number) => {
      const found = deviation(collected.get(name)!);
      assert(Math.abs(found - expected) <= 0.15 * expected, `${start}: ${name} has ${found}`);
    };
    near("p5.lateral.weight", Math.sqrt(1 / 64));
    near("p2.smooth.weight", Math.sqrt(1 / (9 * 64)));
    near("rpn.hidden.weight", 0.01);
    near("rpn.deltas.weight", 0.01);
    near("box.fc7.weight", Math.sqrt((own ? 1 : 1 / 3) / 256));
    near("box.fc6.weight", Math.sqrt((own ? 1 : 1 / 3) / (49 * 64)));
    near("box.logits.weight", own ? 0.01 : Math.sqrt(1 / 3 / 256));
    near("box.deltas.weight", own ? 0.001 : Math.sqrt(1 / 3 / 256));
    for (
      const name of ["p5.lateral.bias", "p2.smooth.bias", "rpn.hidden.bias", "rpn.deltas.bias"]
    ) {
      assertEquals(deviation(collected.get(name)!), 0, name);
    }
    for (const name of ["box.fc6.bias", "box.logits.bias"]) {
      assertEquals(deviation(collected.get(name)!) === 0, own, `${start}: ${name}`);
    }
  }
});

Deno.test("fasterRcnn: torchvision's names and layout go out and come back, older names too", async () => {
  const network = fasterRcnn(SMALL);
  const model = modelOf();
  const tensors = new Map(
    model.variables.map(({ name, shape, initial }) => [name, { shape, data: initial() }]),
  );
  const files = await safetensors.files({
    task: detection,
    network,
    image: IMAGE,
    classes: ["background", "a", "b", "c"],
    normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
    tensors,
    origin: {},
  });
  const bytes = files.get("model.safetensors");
  assert(bytes instanceof Uint8Array);
  const written = decode(Uint8Array.from(bytes), "model.safetensors").tensors;
  const theirs = new Map(Array.from(written, ([name, entry]) => [name, toValue(name, entry)]));
  assertEquals(theirs.get("roi_heads.box_head.fc6.weight")!.shape, [16, 49 * 8]);
  // Unit 3 reads channel 2 at row 1 and column 4.
  const value = tensors.get("box.fc6.weight")!.data[((1 * 7 + 4) * 8 + 2) * 16 + 3];
  const flat = theirs.get("roi_heads.box_head.fc6.weight")!.data;
  assertEquals(flat[3 * 49 * 8 + (2 * 7 + 1) * 7 + 4], value);
  const renamed = (rename: (name: string) => string) =>
    new Map(Array.from(theirs, ([name, value]) => [rename(name), value]));
  const older = (rpn: string) => (name: string) =>
    name.replace(/(_blocks\.\d)\.0\./, "$1.").replace("rpn.head.conv.0.0", rpn);
  for (const rename of [(name: string) => name, older("rpn.head.conv"), older("rpn.head.conv.0")]) {
    const back = importWeights(network, IMAGE, CLASSES, { path: "file", tensors: renamed(rename) });
    assertEquals(new Map(back), tensors);
  }
  assertThrows(
    () => importWeights(network, IMAGE, 3, { path: "file", tensors: theirs }),
    Failure,
    "for 4 classes, and the data set has 3",
  );
});

Deno.test("fasterRcnn: a stage of the pyramid says what it reads if it is run without it", () => {
  const model = modelOf();
  tf.tidy(() => {
    const map = tf.zeros([1, 2, 3, 8]);
    const { live } = passes();
    assertThrows(() => model.stage("p4", map, live), Failure, "reads the tap block3");
    assertThrows(() => runAfter<Net>(model, "p6", map, live), Failure, "reads the tap p2");
  });
});

const step = (model: ReturnType<typeof modelOf>): StepFunction<"image" | "pooled"> =>
({
  image,
  pooled,
}) => {
  const learned = model.variables.filter(({ trainable, fixed }) => trainable && !fixed);
  const { live } = passes();
  const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
    const own = new Map(learned.map((variable, i) => [variable, values[i]]));
    const pass = { ...live, read: (one: Variable) => own.get(one) ?? live.read(one) };
    const { taps } = model.run(image, pass);
    const { out } = model.stage("box", pooled, pass);
    return tf.add(tf.mean(tf.square(taps.rpn)), tf.mean(tf.square(out))).asScalar();
  })(learned.map(({ value }) => value));
  const gradients = learned.map(({ name }, i) => [name, grads[i]]);
  return { values: { ...Object.fromEntries(gradients), loss: value }, updates: [] };
};

needs(everything, "fasterRcnn: values and gradients are the same on every engine", async () => {
  const results: Record<string, Record<string, Float32Array>> = {};
  const inputs = {
    image: {
      shape: [1, ...IMAGE],
      data: Float32Array.from({ length: sizeOf(IMAGE) }, (_, i) => Math.sin(i)),
    },
    pooled: {
      shape: [2, 7, 7, 8],
      data: Float32Array.from({ length: 2 * 49 * 8 }, (_, i) => Math.cos(i)),
    },
  };
  for (const kind of ["compiled", "eager", "cpu"] as const) {
    const collected = new Map<string, Variable>();
    const model = modelOf(SMALL, collected);
    const engine = await open(kind);
    await engine.hold([...collected.values()]);
    results[kind] = await engine.compile(step(model))(inputs) as Record<string, Float32Array>;
    engine.close();
  }
  const { compiled, ...others } = results;
  assert(Object.values(compiled).every((values) => values.some((value) => value !== 0)));
  for (const [kind, values] of Object.entries(others)) {
    for (const [name, value] of Object.entries(values)) {
      assertNear(`${kind}: ${name}`, value, compiled[name], 1e-4);
    }
  }
});

Deno.test("fasterRcnn: what is frozen is no part of the optimiser, but of the weights that are saved", () => {
  const method: Distiller<Detector, undefined> = {
    id: "none",
    options: {},
    build: () => ({ student }) => ({ rpn: [1, tf.mean(student.taps.rpn, [1, 2])] }),
  };
  const { student, state, parts, variables } = assembleUntrained(
    {
      student: fasterRcnn(SMALL),
      teacher: undefined,
      distiller: method,
      dataset: {
        task: classification,
        augmentation: { crop: 0, flip: false },
        normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
      },
    },
    {
      seed: 1,
      image: IMAGE,
      classes: CLASSES,
      train: { size: 2, labels: new Int32Array(2) },
      schedule: sgd({ epochs: 1, batch: 1, lr: 0.1 }),
      values: new Map(),
    },
  );
  assertEquals(parts.trainable.some(({ fixed, trainable }) => fixed || !trainable), false);
  assertEquals(student.variables.filter((one) => !state.includes(one)), []);
  const folded = [...variables.values()].filter(({ name }) => name.includes(".folded."));
  assert(folded.length > 0);
  assertEquals(state.filter((one) => folded.includes(one)), []);
});
