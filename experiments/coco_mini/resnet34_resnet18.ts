/**
 * A detector on ResNet-34 teaches one on ResNet-18, on 77 photos of COCO. So few photos judge no
 * method: the rows show that all of them train, together and with one pass of the teacher.
 */
import { coco } from "../../datasets/coco.ts";
import {
  ablation,
  cosine,
  experiment,
  from,
  imagenet,
  kdOnRegions,
  scratch,
  sgd,
  shakeOnRegions,
} from "../../mod.ts";
import { detectorOn } from "./setup.ts";

const shared = {
  dataset: coco({ folder: "coco-mini", shorter: 256, longer: 256 }),
  schedule: sgd({
    epochs: 24,
    batch: 2,
    lr: 0.01,
    clip: 10,
    weightDecay: 1e-4,
    rate: cosine({ every: "step", warmup: { epochs: 2, from: 1e-4 } }),
  }),
};

export const teacher = experiment(import.meta, {
  ...shared,
  student: detectorOn(imagenet.resnet34),
  distiller: scratch(),
});

const pair = { ...shared, teacher: from(teacher), student: detectorOn(imagenet.resnet18) };

export default ablation(
  import.meta,
  experiment(import.meta, { ...pair, distiller: shakeOnRegions() }),
  {
    scratch: { teacher: undefined, distiller: scratch() },
    kd: { distiller: kdOnRegions() },
    shake: {},
  },
);
