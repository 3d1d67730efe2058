/** For a CPU: ResNet-20 teaches ShuffleNetV2 for 10 epochs, on all images of CIFAR-10. */
import { ablation, experiment, from, kd, scratch, sgd, shake, shufflenetv2 } from "../../mod.ts";
import { dataset } from "../shared/cifar10.ts";
import { teacher } from "./resnet20_resnet8.ts";

const pair = experiment(import.meta, {
  dataset,
  schedule: sgd({ epochs: 10, batch: 64, lr: 0.01, drops: { at: [6, 8], by: 0.1 } }),
  teacher: from(teacher),
  student: shufflenetv2,
  distiller: kd(),
});

export default ablation(import.meta, pair, {
  scratch: { teacher: undefined, distiller: scratch() },
  kd: {},
  shake: { distiller: shake() },
});
