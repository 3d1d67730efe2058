/**
 * Weights files in RepDistiller's and DeiT's layout, made by PyTorch, give the same logits in Retort
 * as in PyTorch.
 */
import { openEngine } from "../../lib/engine/open_engine.ts";
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import { resnet8, resnet8x4 } from "../../lib/networks/resnet.ts";
import { shufflenetv1 } from "../../lib/networks/shufflenet.ts";
import { vgg8 } from "../../lib/networks/vgg.ts";
import { distilledVit, vit } from "../../lib/networks/vit.ts";
import { wrn_16_2 } from "../../lib/networks/wrn.ts";
import { buildModel, type Scorer } from "../../lib/nn/network.ts";
import { passes } from "../../lib/nn/pass.ts";
import { type Variable, variables } from "../../lib/nn/variables.ts";
import { stream } from "../../lib/values/random.ts";
import { importWeights } from "../../lib/weights/import_weights.ts";
import { readWeights } from "../../lib/weights/weights_file.ts";
import { ourMap } from "../support/layout.ts";
import { needsPython, runPython } from "../support/python.ts";
import { inTemporary } from "../support/temporary.ts";
import { assertNear } from "../support/tolerance.ts";

const CLASSES = 7;
const BATCH = 3;
const IMAGE = [32, 32, 3];

const networks: Readonly<Record<string, Scorer>> = {
  resnet8,
  resnet8x4,
  vgg8,
  wrn_16_2,
  mobilenetv2: mobilenetv2(),
  shufflenetv1,
  vit: vit({ width: 24, depth: 2, heads: 3, patch: 8 }),
  deit: distilledVit({ width: 24, depth: 2, heads: 3, patch: 4 }),
};

/** Computes the logits of a network with the weights of a file, as a teacher does. */
async function score(network: Scorer, path: string, images: Float32Array): Promise<Float32Array> {
  const tensors = importWeights(network, IMAGE, CLASSES, await readWeights(path));
  const values = new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array]));
  const collected = new Map<string, Variable>();
  const { engine } = await openEngine();
  const model = buildModel(
    network,
    variables({ seed: 1, collected, fixed: true, values }),
    IMAGE,
    CLASSES,
  );
  try {
    await engine.hold([...collected.values()]);
    const run = engine.compile<"image">(({ image }) => ({
      values: { logits: model.run(image, passes().frozen).taps.logits },
      updates: [],
    }));
    return (await run({ image: { shape: [BATCH, ...IMAGE], data: images } }))
      .logits as Float32Array;
  } finally {
    engine.close();
  }
}

await needsPython(
  ["torch"],
  "weights: files in RepDistiller's layout, made by PyTorch, give the same logits",
  () =>
    inTemporary(async (folder) => {
      const random = stream(5, "images");
      const shape = [BATCH, 3, 32, 32];
      const data = Float32Array.from({ length: BATCH * 3 * 32 * 32 }, () => random.normal());
      const scores = await runPython("reference_files.py", [folder], { images: [...data], shape });
      const images = ourMap({ shape, data }).data;
      for (const [name, theirs] of Object.entries(scores as Record<string, number[]>)) {
        for (const layout of ["zip", "legacy"]) {
          const ours = await score(networks[name], `${folder}/${name}.${layout}.pth`, images);
          assertNear(`${name} from the ${layout} layout`, ours, theirs, 1e-4);
        }
      }
    }),
);
