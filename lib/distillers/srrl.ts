import * as tf from "@tensorflow/tfjs";
import type { Distiller } from "../experiment/distiller.ts";
import { conv } from "../nn/conv.ts";
import { globalAveragePool, relu, seq } from "../nn/layers.ts";
import type { Classifier, SingleHead } from "../nn/network.ts";
import { norm } from "../nn/norm.ts";
import { applyMask, flatten, mse } from "../nn/ops.ts";
import { passAmong } from "../nn/pass.ts";
import { runAfter } from "../nn/tail.ts";
import { sizeOf } from "../nn/variables.ts";
import { alsoKd, type AlsoKdOptions } from "./parts/also_kd.ts";
import { averagedMap, headMap } from "./parts/head_map.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";

/** Options of `srrl`. */
export interface SrrlOptions extends AlsoKdOptions {
  /** α, the weight of the matched features. Default: 1 (the authors). */
  readonly feature?: number;
  /** β, the weight of the matched scores. Default: 1 (the authors). */
  readonly regression?: number;
  /** Weight of the cross-entropy. Default: 1 (the authors). */
  readonly ce?: number;
}

/**
 * SRRL: Knowledge Distillation via Softmax Regression Representation Learning. Yang et al., 2021.
 * ICLR. L = ce · CE(s, y) + feature · mean((h − t)²) + regression · mean((W h − W t)²), with the
 * pooled features t of the teacher, those of the student's last map, h = pool(ReLU(norm(A s))),
 * where A is a learned 1×1 convolution, and the teacher's classifier W, frozen. Of a wide ResNet,
 * the last map is the one after the last norm and ReLU. If the student's head does more than
 * average the last map, as in MobileNetV2, ShuffleNetV2 and transformers, A takes the student's
 * pooled features.
 */
export function srrl(options: SrrlOptions = {}): Distiller<Classifier, Classifier & SingleHead> {
  const { feature = 1, regression = 1, ce = 1, kd = 0, temperature = 4 } = options;
  return {
    id: "srrl",
    options: checkRanges("srrl", { feature, regression, ce, kd, temperature }, {
      feature: atLeast(0),
      regression: atLeast(0),
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
    }),
    paper:
      "Knowledge Distillation via Softmax Regression Representation Learning. Yang et al., 2021. ICLR",
    build({ create, student, teacher }) {
      const tap = averagedMap(student);
      const from = tap ? student.shapes[tap] : [1, 1, sizeOf(student.shapes.pooled)];
      const widen = conv(sizeOf(teacher.shapes.pooled), { kernel: 1 });
      const connect = create.in("connector")(seq(widen, norm(), relu(), globalAveragePool()), from);
      return ({ student, teacher: given, task, live, frozen, mask }) => {
        const spotMask = mask("pooled");
        const map = tap
          ? headMap(student, tap)
          : tf.expandDims(tf.expandDims(flatten(student.taps.pooled), 1), 1);
        const features = connect(map, passAmong(live, spotMask));
        const scores = runAfter(teacher, "pooled", features, frozen);
        return {
          task: [ce, task(student), "task"],
          feature: [feature, applyMask(mse(features, flatten(given.taps.pooled)), spotMask)],
          regression: [regression, applyMask(mse(scores, given.taps.logits), spotMask)],
          ...alsoKd({ student, teacher: given, mask }, { kd, temperature }),
        };
      };
    },
  };
}
