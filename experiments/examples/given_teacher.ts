/**
 * A teacher that was trained elsewhere: a file of weights stands where `from(…)` does. It may be
 * PyTorch's `.pth` or safetensors; what is known of it, `sha256` and `top1`, is checked before the
 * student trains. The file here is the teacher of the example `ablation`, exported:
 *
 * deno task export experiments/examples/ablation.ts#teacher --format safetensors --out
 * exports/teacher deno task exp experiments/examples/given_teacher.ts
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
