import { coco } from "../../datasets/coco.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { shakeOnRegions } from "../../lib/distillers/shake_on_regions.ts";
import { type Experiment, experiment, from } from "../../lib/experiment/experiment.ts";
import { fasterRcnn } from "../../lib/networks/faster_rcnn.ts";
import { resnet101, resnet18 } from "../../lib/networks/imagenet.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { Failure } from "../../lib/values/failure.ts";

const large = {
  dataset: coco(),
  schedule: sgd({ epochs: 1, batch: 1, lr: 1e-5, weightDecay: 1e-4 }),
};

const teacher = experiment(import.meta, {
  ...large,
  student: fasterRcnn({ body: resnet101 }),
  distiller: scratch(),
});

/**
 * The steps of detectors: ResNet-18 on 256 × 256 pixels, by its name in `torch_detection.py`, and
 * the papers' sizes on a canvas of 800 × 1344, for their memory.
 */
export const DETECTORS = {
  resnet18: experiment(import.meta, {
    dataset: coco({ shorter: 256, longer: 256 }),
    schedule: sgd({ epochs: 1, batch: 2, lr: 1e-5, weightDecay: 1e-4 }),
    student: fasterRcnn({ body: resnet18 }),
    distiller: scratch(),
  }),
  "resnet50, 800 × 1344": experiment(import.meta, {
    ...large,
    student: fasterRcnn(),
    distiller: scratch(),
  }),
  "resnet101-resnet50 shake, 800 × 1344": experiment(import.meta, {
    ...large,
    teacher: from(teacher),
    student: fasterRcnn(),
    distiller: shakeOnRegions(),
  }),
} as const satisfies Readonly<Record<string, Experiment>>;

/** A detector's name. */
export type DetectorName = keyof typeof DETECTORS;

/** Finds the detector of this name. Throws a `Failure` (exit 2) if there is none. */
export function detectorNamed(name: string): DetectorName {
  if (Object.hasOwn(DETECTORS, name)) return name as DetectorName;
  throw new Failure(2, `--detector is one of ${Object.keys(DETECTORS).join("; ")}, not "${name}"`);
}
