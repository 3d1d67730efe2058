import { synthetic } from "../../datasets/synthetic.ts";
import type { Dataset, Mix } from "../../lib/data/dataset.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import {
  type Experiment,
  experiment,
  from,
  type Trained,
} from "../../lib/experiment/experiment.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { Scorer } from "../../lib/nn/network.ts";
import { resnet18, resnet34, resnet50 } from "../../lib/networks/deep_resnet.ts";
import { mobilenetv2 } from "../../lib/networks/mobilenet.ts";
import * as resnet from "../../lib/networks/resnet.ts";
import * as shufflenet from "../../lib/networks/shufflenet.ts";
import * as vgg from "../../lib/networks/vgg.ts";
import { wrn_16_1, wrn_16_2, wrn_40_1, wrn_40_2 } from "../../lib/networks/wrn.ts";
import { sgd, type SgdOptions } from "../../lib/optimizers/sgd.ts";
import type { Schedule } from "../../lib/experiment/schedule.ts";

const NETWORKS: Readonly<Record<string, Scorer>> = {
  ...resnet,
  ...vgg,
  ...shufflenet,
  ...{ resnet18, resnet34, resnet50, wrn_16_1, wrn_16_2, wrn_40_1, wrn_40_2 },
  mobilenetv2: mobilenetv2(),
};

/**
 * Makes a data set, which nothing opens, of 32×32 images with as many classes as CIFAR-100 and no
 * augmentation.
 */
export function images<M extends Mix | undefined = undefined, V extends string = never>(
  options: Pick<Dataset<M, V>, "mix" | "views"> = {},
): Dataset<M, V> {
  return synthetic({ classes: 100, train: 50_000, crop: 0, flip: false, ...options });
}

/** Makes the first epoch of the papers' schedule on CIFAR-100. */
export function schedule(options: Pick<SgdOptions, "dot"> = {}): Schedule {
  return sgd({ epochs: 1, batch: 64, lr: 0.05, ...options });
}

/** Makes a network a teacher. */
export function teaching<N extends Scorer>(student: N): Trained<N> {
  return from(
    experiment(import.meta, {
      dataset: images(),
      student,
      distiller: scratch(),
      schedule: schedule(),
    }),
  );
}

/**
 * Makes plain KD on a pair like `vgg13-vgg8`. Throws a `Failure` (exit 2) if a network is unknown.
 */
export function kdOn(pair: string): Experiment {
  const [teacher, student] = pair.split("-").map((name) => NETWORKS[name]);
  if (!teacher || !student || pair.split("-").length !== 2) {
    throw new Failure(
      2,
      `--pair is <teacher>-<student> of ${Object.keys(NETWORKS).join(", ")}, not "${pair}"`,
    );
  }
  return experiment(import.meta, {
    dataset: images(),
    teacher: teaching(teacher),
    student,
    distiller: kd(),
    schedule: schedule(),
  });
}
