/**
 * ViT-T and its teacher in SHAKE's third setting: AdamW, its rate and weight decay, 300 epochs with
 * 5 of warm-up, the cosine and DeiT's augmentation are the supplement's. All else is DeiT's recipe:
 * a batch of four parts, each mixed by itself as on DeiT's four devices, and the numbers of its
 * released code and of timm 0.3.2, on which that code stands.
 */
import { imagenet } from "../../../datasets/imagenet.ts";
import {
  adamw,
  cosine,
  distilledVit,
  mixupOrCutmix,
  randAugment,
  randomErasing,
  regnety_160,
  vit,
  weights,
} from "../../../mod.ts";

const rate = cosine({ minimum: 1e-5, warmup: { epochs: 5, from: 1e-6 }, late: true });
const transformer = { dropPath: 0.1, classDeviation: 0.02 };

/** The data and the schedule. */
export const setup = {
  dataset: imagenet({
    interpolation: "bicubic",
    policy: randAugment(),
    erase: randomErasing(),
    repeats: 3,
    mix: mixupOrCutmix(),
    smoothing: 0.1,
  }),
  schedule: adamw({ epochs: 300, batch: 1024, lr: 1e-3, rate, ema: 0.99996, accumulate: 4 }),
};

/** The student alone. */
export const vitTiny = vit(transformer);

/** The student with a distillation token, and RegNetY-16GF as DeiT's authors trained it. */
export const pair = {
  ...setup,
  teacher: weights(regnety_160, {
    url: "https://dl.fbaipublicfiles.com/deit/regnety_160-a5fe301d.pth",
    top1: 82.9,
  }),
  student: distilledVit({ ...transformer, decayDistillation: true }),
};
