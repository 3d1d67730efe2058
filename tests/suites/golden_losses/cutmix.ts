import * as tf from "@tensorflow/tfjs";
import { paste } from "../../../lib/data/mix.ts";
import type { Checks } from "./check.ts";
import { checkMix } from "./mixup.ts";

/** KD with CutMix. The box is [top, bottom, left, right]. */
export const cutmix: Checks = [[
  /^cutmix_kd$/,
  (golden) => {
    const [top, bottom, left, right] = golden.facts.args.box as unknown as readonly number[];
    return checkMix(
      golden,
      (images, partner) =>
        paste(images, partner, [tf.scalar(top), tf.scalar(bottom)], [
          tf.scalar(left),
          tf.scalar(right),
        ]),
    );
  },
]];
