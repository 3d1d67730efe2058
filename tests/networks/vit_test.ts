import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Distiller } from "../../lib/experiment/distiller.ts";
import { distilledVit, vit, vitTiny } from "../../lib/networks/vit.ts";
import { description } from "../../lib/nn/description.ts";
import { buildModel, lastMap, type Model, type Net } from "../../lib/nn/network.ts";
import { passes } from "../../lib/nn/pass.ts";
import { resizePositions } from "../../lib/nn/positions.ts";
import { runAfter } from "../../lib/nn/tail.ts";
import { variables } from "../../lib/nn/variables.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { Failure } from "../../lib/values/failure.ts";
import { stream } from "../../lib/values/random.ts";
import { importWeights } from "../../lib/weights/import_weights.ts";
import { referenceName } from "../../lib/weights/names.ts";
import type { Value } from "../../lib/weights/value.ts";
import { assembleStep, firstStep } from "../support/assemble_step.ts";
import { open } from "../support/engines.ts";
import { everything, needs } from "../support/needs.ts";
import { assertNear } from "../support/tolerance.ts";

const SMALL = { patch: 4, depth: 2, width: 12, heads: 3 } as const;
const IMAGE = [8, 12, 3];
const CLASSES = 5;

const modelOf = <N extends Net>(network: N): Model<N> =>
  buildModel(network, variables({ seed: 1, collected: new Map() }), IMAGE, CLASSES);

Deno.test("vit: taps are maps of patches and attention, in images that are no squares too", () => {
  const { shapes, nextShapes, maps } = modelOf(distilledVit(SMALL));
  const [map, attention, tokens] = [[2, 3, 12], [3, 8, 8], [8, 12]];
  assertEquals({ ...shapes }, {
    embedded: map,
    attention1: attention,
    block1: map,
    attention2: attention,
    block2: map,
    pooled: [12],
    distilled: [12],
    heads: [2, CLASSES],
    logits: [CLASSES],
  });
  assertEquals(nextShapes.block1, tokens);
  assertEquals(nextShapes.attention1, tokens);
  assertEquals(nextShapes.pooled, [2, 12]);
  assertEquals(modelOf(vit(SMALL)).nextShapes.pooled, [12]);
  assertEquals(maps, ["embedded", "block1", "block2"]);
  assertEquals(lastMap(modelOf(vit(SMALL))), "block2");
});

Deno.test("vit: the identifier has the sizes, and options are recorded that differ from the default", () => {
  assertEquals([vitTiny.id, vitTiny.options], ["vit_tiny_p16", {}]);
  assertEquals(vit({ ...SMALL, dropPath: 0 }).options, {});
  const options = { dropPath: 0.1, classDeviation: 0.02, resizing: "deit" } as const;
  const own = { decayDistillation: true, logits: "class" } as const;
  const network = distilledVit({ ...SMALL, ...options, ...own });
  assertEquals([network.id, network.options], ["deit_d12_l2_h3_p4", { ...options, ...own }]);
  const size = (patch: number) => vit({ patch }).designSize;
  assertEquals([4, 8, 16, 14].map(size), [
    { size: 32, classes: 100 },
    { size: 64, classes: 200 },
    { size: 224, classes: 1000 },
    { size: 224, classes: 1000 },
  ]);
});

Deno.test("vit: options out of their ranges and images of another side are refused", () => {
  const refused = (make: () => unknown, message: string) =>
    assertEquals(assertThrows(make, Failure, message).exit, 2);
  refused(() => vit({ patch: 0 }), "vit: `patch` is 0; it has to be a whole number, 1 or more");
  refused(() => vit({ depth: 1.5 }), "vit: `depth` is 1.5");
  refused(() => vit({ heads: 5 }), "vit: `width` is 192; it has to be a multiple of `heads`");
  refused(() => distilledVit({ dropPath: 1 }), "deit: `dropPath` is 1");
  refused(() => distilledVit({ classDeviation: -1 }), "deit: `classDeviation` is -1");
  refused(
    () => description(vitTiny, [32, 40, 3], 10),
    "images of 32×40×3 cannot be cut into patches of 16×16",
  );
});

Deno.test("vit: tokens and positions do not decay, the distillation token where it is wanted", () => {
  const decays = (network: Net) =>
    modelOf(network).variables
      .filter(({ paramGroup }) => paramGroup.weightDecay === 0)
      .map(({ name }) => name);
  const [first, ...rest] = ["embedded.class", "embedded.distillation", "embedded.positions"];
  assertEquals(decays(distilledVit(SMALL)), [first, ...rest]);
  assertEquals(decays(distilledVit({ ...SMALL, decayDistillation: true })), [first, rest[1]]);
});

Deno.test("vit: a map alone is not enough for the stages after it", () => {
  const { live } = passes();
  const map = undefined as never;
  assertThrows(
    () => runAfter(modelOf(vit(SMALL)), "block1", map, live),
    Failure,
    "the stage after block1 of vit_d12_l2_h3_p4 needs more than that tap",
  );
  assertThrows(() => runAfter(modelOf(distilledVit(SMALL)), "pooled", map, live), Failure);
});

const step = (network: Net<"logits">) =>
  assembleStep({
    student: network,
    teacher: undefined,
    distiller: scratch() as Distiller<Net<"logits">>,
    image: IMAGE,
    classes: CLASSES,
    values: new Map(),
  });

function batch(): Float32Array {
  const random = stream(2, "images");
  return Float32Array.from({ length: 4 * 8 * 12 * 3 }, () => random.normal());
}

await needs(
  everything,
  "vit: a step with stochastic depth is the same on every engine",
  async () => {
    const made = step(distilledVit({ ...SMALL, dropPath: 0.5 }));
    const images = { shape: [4, ...IMAGE], data: batch() };
    const steps = [];
    for (const kind of ["compiled", "eager", "cpu"] as const) {
      const engine = await open(kind);
      steps.push(await firstStep(engine, made)(images, Int32Array.of(0, 1, 2, 3)));
      engine.close();
    }
    const [compiled, ...others] = steps;
    for (const other of others) {
      assertNear("loss", other.values.loss, compiled.values.loss, 1e-5);
      for (const { name } of made.student.variables) {
        assertNear(name, other.after(name), compiled.after(name), 1e-3);
      }
    }
  },
);

await needs(everything, "vit: stochastic depth drops in training only", async () => {
  const lossOf = async (dropPath: number) => {
    const engine = await open("compiled");
    const made = step(vit({ ...SMALL, dropPath }));
    const images = { shape: [4, ...IMAGE], data: batch() };
    const { values } = await firstStep(engine, made)(images, Int32Array.of(0, 1, 2, 3));
    const evaluate = engine.compile<"image">(({ image }) => ({
      values: {
        logits: (made.student as Model<Net<"logits">>).run(image, passes().frozen).taps.logits,
      },
      updates: [],
    }));
    await engine.hold([...made.collected.values()]);
    const { logits } = await evaluate({ image: images });
    engine.close();
    return { loss: values.loss[0], logits };
  };
  const [without, dropping] = [await lossOf(0), await lossOf(0.9)];
  assert(without.loss !== dropping.loss);
  assertEquals(without.logits, dropping.logits);
});

/** The weights of a network for other images by timm's names, all of a number for each variable. */
function weightsOf(network: Net, image: readonly number[]): Map<string, Value> {
  const model = buildModel(network, variables({ seed: 4, collected: new Map() }), image, CLASSES);
  return new Map(model.variables.map(({ name, shape, initial }) => {
    const theirs = shape.length === 4
      ? [shape[3], shape[2], shape[0], shape[1]]
      : shape.length === 2
      ? [...shape].reverse()
      : shape;
    return [referenceName(network, name), { shape: theirs, data: initial() }];
  }));
}

Deno.test("vit: positions of weights for other images are resized, timm's way or DeiT's", () => {
  for (const resizing of ["timm", "deit"] as const) {
    const network = distilledVit({ ...SMALL, resizing });
    const tensors = weightsOf(network, [16, 16, 3]);
    const log: string[] = [];
    const file = { path: "deit.pth", tensors };
    const imported = importWeights(network, IMAGE, CLASSES, file, (line) => log.push(line));
    const { shape, data } = imported.get("embedded.positions")!;
    assertEquals(shape, [1, 8, 12]);
    const theirs = tensors.get("pos_embed")!.data;
    assertEquals(data, resizePositions(theirs, 2, [4, 4], [2, 3], resizing));
    assertEquals(log, [
      "deit.pth: embedded.positions of other images, taken as square ones, is resized for images " +
      "of 8×12×3",
    ]);
  }
});

Deno.test("vit: positions of images that are no square are resized by the images that a file names", () => {
  const network = vit(SMALL);
  // Both have 16 patches.
  const [wide, square, large] = [[8, 32, 3], [16, 16, 3], [32, 32, 3]];
  const load = (image: readonly number[], tensors: ReadonlyMap<string, Value>, own?: number[]) => {
    const log: string[] = [];
    const file = { path: "x", tensors, image: own };
    const imported = importWeights(network, image, CLASSES, file, (line) => log.push(line));
    return { positions: imported.get("embedded.positions")!.data, log };
  };
  const tensors = weightsOf(network, wide);
  const theirs = tensors.get("pos_embed")!.data;
  for (const [image, grid] of [[square, [4, 4]], [large, [8, 8]]] as const) {
    const { positions, log } = load(image, tensors, wide);
    assertEquals(positions, resizePositions(theirs, 1, [2, 8], [grid[0], grid[1]], "timm"));
    assertEquals(log, [
      `x: embedded.positions of images of 8×32×3 is resized for images of ${image.join("×")}`,
    ]);
  }
  assertEquals(load(wide, tensors, wide), { positions: theirs as Float32Array, log: [] });
  // A file that does not name its images may be of these.
  assertEquals(load(square, tensors), { positions: theirs as Float32Array, log: [] });
});

Deno.test("vit: positions of no known grid are refused with their number", () => {
  const network = vit(SMALL);
  const refused = (from: readonly number[], own?: number[]) => {
    const file = { path: "x", tensors: weightsOf(network, from), image: own };
    const load = () => importWeights(network, [16, 16, 3], CLASSES, file);
    const { exit, message } = assertThrows(load, Failure);
    assertEquals(exit, 3);
    return message.split("\n").at(-1);
  };
  assertEquals(
    refused(IMAGE),
    "  cannot be resized: pos_embed has 6 patches, no square, and the file does not name its images",
  );
  for (const from of [IMAGE, [16, 16, 3]]) {
    const patches = from === IMAGE ? 6 : 16;
    assertEquals(
      refused(from, [8, 16, 3]),
      `  cannot be resized: pos_embed has ${patches} patches, and not the 2×4 of its images`,
    );
  }
});

Deno.test("vit: weights of another transformer are refused by the tensors that differ", () => {
  const refused = (from: Net, to: Net, classes = CLASSES) =>
    assertThrows(
      () => importWeights(to, IMAGE, classes, { path: "x.pth", tensors: weightsOf(from, IMAGE) }),
      Failure,
    );
  const { exit, message } = refused(distilledVit(SMALL), vit(SMALL));
  assertEquals(exit, 3);
  for (const part of ["extra: dist_token", "extra: head_dist.weight", "another shape: pos_embed"]) {
    assert(message.includes(part), message);
  }
  const { message: other } = refused(vit(SMALL), vit(SMALL), 7);
  assert(other.includes(`vit_d12_l2_h3_p4 for 5 classes, and the data set has 7`), other);
});
