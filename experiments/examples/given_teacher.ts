/**
 * A teacher that was trained elsewhere: `weights(…)` in place of `from(…)`. The file may be
 * PyTorch's `.pth` or safetensors. If `sha256` or `top1` is set, it is checked before the student
 * trains. This file is the exported teacher of the example `ablation`, which has to run first:
 *
 *     deno task exp experiments/examples/ablation.ts
 *     deno task export experiments/examples/ablation.ts#teacher --format safetensors --out exports/teacher
 *     deno task exp experiments/examples/given_teacher.ts
 */
import { synthetic } from "../../datasets/synthetic.ts";
import { experiment, kd, resnet20, resnet8, sgd, weights } from "../../mod.ts";

export default experiment(import.meta, {
  dataset: synthetic({ size: 16, train: 500, test: 200 }),
  teacher: weights(resnet20, { file: "exports/teacher/model.safetensors" }),
  student: resnet8,
  distiller: kd(),
  schedule: sgd({ epochs: 2, batch: 50, lr: 0.05, drops: { at: [1], by: 0.1 } }),
});
