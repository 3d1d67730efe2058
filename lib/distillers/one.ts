import * as tf from "@tensorflow/tfjs";
import type { Distiller, Terms } from "../experiment/distiller.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { type Layer, module } from "../nn/layer.ts";
import { dense, relu } from "../nn/layers.ts";
import { logitsOutput, type Net } from "../nn/network.ts";
import { norm } from "../nn/norm.ts";
import { applyMask, kl, stopGradient } from "../nn/ops.ts";
import { tail } from "../nn/tail.ts";
import type { Shape } from "../nn/variables.ts";
import { Failure } from "../values/failure.ts";
import { above, atLeast, checkRanges, whole } from "../values/range.ts";

/** Options of `one`. */
export interface OneOptions<S extends string> {
  /**
   * The last tap that all branches share. The stages after it are replicated. Default: `block2`
   * (released code: all but layer3).
   */
  readonly shared?: S;
  /** Number of branches, including the student's own. Default: 3 (released code). */
  readonly branches?: number;
  /** T. Default: 3 (paper and released code). */
  readonly temperature?: number;
  /**
   * Full weight of the KL from the ensemble to each branch. Default: 1 (paper and released code).
   */
  readonly kd?: number;
  /**
   * Epochs e over which that weight grows as exp(−5 (1 − (epoch − 1) / e)²). Default: 80 (released
   * code).
   */
  readonly rampUp?: number;
}

/**
 * ONE: Knowledge Distillation by On-the-Fly Native Ensemble. Lan, Zhu, Gong, 2018.
 * arXiv:1806.04606. The student's last stages are replicated. A gate g weighs the branches' logits
 * zᵢ into an ensemble z = Σ gᵢ zᵢ that teaches all of them: L = Σ CE(zᵢ, y) + CE(z, y) + w(epoch) ·
 * kd · Σ T² · KL(z ‖ zᵢ), softened by T. In the KL z is a constant, and 1e-7 is added to its
 * probabilities (released code). g = softmax(relu(norm(W · mean over the shared map + b))). The
 * student is the first branch. The other branches and the gate are discarded after training.
 */
export function one<const S extends string = "block2">(
  options: OneOptions<S> = {},
): Distiller<Net<S | "logits">> {
  const { shared = "block2" as S, branches = 3, temperature = 3, kd = 1, rampUp = 80 } = options;
  return {
    id: "one",
    options: checkRanges("one", { shared, branches, temperature, kd, rampUp }, {
      branches: whole(2),
      temperature: above(0),
      kd: atLeast(0),
      rampUp: atLeast(0),
    }),
    epochOptions: [
      { owner: "one", option: "rampUp", value: rampUp, isSet: options.rampUp !== undefined },
    ],
    paper:
      "Knowledge Distillation by On-the-Fly Native Ensemble. Lan, Zhu, Gong, 2018. arXiv:1806.04606",
    build({ create, student }) {
      const shape: Shape = student.nextShapes[shared];
      if (!student.maps.includes(shared)) {
        throw new Failure(
          2,
          `one branches after a map, not after ${student.recipe.id}'s ${shared} of [${
            student.shapes[shared]
          }]: choose another tap`,
        );
      }
      const replica = tail(student, shared);
      const replicas = Array.from(
        { length: branches - 1 },
        (_, i) => create.in(`branch${i + 2}`)(replica, shape),
      );
      const gate = create.in("gate")(gateLayer(branches), shape);
      return ({ student, task, live, epoch, mask }): Terms => {
        const map = student.next[shared];
        const others = replicas.map((branch) => branch(map, live));
        const ensemble = mixLogits([student.taps.logits, ...others], gate(map, live));
        const target = stopGradient(ensemble);
        const weight = rampUp === 0 ? kd : tf.mul(rampUpShare(epoch, rampUp), kd);
        const divergence = (logits: Tensor) => kl(logits, target, temperature, { floor: 1e-7 });
        const branchTerms = others.map((logits, i): Terms => ({
          [`branch${i + 2}_task`]: [1, task(logitsOutput(logits)), "task"],
          [`branch${i + 2}_kd`]: [weight, divergence(logits)],
        }));
        return {
          task: [1, task(student), "task"],
          kd: [weight, applyMask(divergence(student.taps.logits), mask("logits"))],
          ensemble_task: [1, task(logitsOutput(ensemble)), "task"],
          ...Object.assign({}, ...branchTerms),
        };
      };
    },
  };
}

/** The gate: from a map or tokens, each branch's share for each sample, [batch, branches]. */
function gateLayer(branches: number): Layer {
  return (create, input) => {
    const score = dense(branches)(create.in("score"), input.slice(-1));
    const normalise = norm()(create.in("norm"), [branches]);
    const rectify = relu()(create, [branches]);
    return module(
      (map, pass) => {
        const positions = map.shape.slice(1, -1).map((_, i) => i + 1);
        const scores = score(tf.mean(map, positions), pass);
        return tf.softmax(rectify(normalise(scores, pass), pass), -1);
      },
      [branches],
      score.multiplyAdds,
    );
  };
}

/** Σ shareᵢ · logitsᵢ, [batch, classes]. */
function mixLogits(logits: readonly Tensor[], shares: Tensor): Tensor {
  return tf.sum(tf.mul(tf.stack([...logits], 1), tf.expandDims(shares, 2)), 1);
}

/** exp(−5 (1 − x)²), where x grows from 0 to 1 over the first `length` epochs. */
function rampUpShare(epoch: Tensor, length: number): Tensor {
  const missing = tf.sub(1, tf.minimum(tf.div(tf.sub(epoch, 1), length), 1));
  return tf.exp(tf.mul(tf.square(missing), -5));
}
