import type { Distiller, Terms } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { applyMask, kl, stopGradient } from "../nn/ops.ts";
import { above, atLeast, between, checkRanges } from "../values/range.ts";

/** Options of `dml`. */
export interface DmlOptions {
  /** The network that learns beside the student, from scratch. It may be the student's network. */
  readonly peer: Scorer;
  /** T. Default: 1 (paper; OKDDip's code has 3). */
  readonly temperature?: number;
  /** Weight of each network's cross-entropy. Default: 1 (paper). */
  readonly ce?: number;
  /** Weight of T² · KL(peer ‖ student), by which the student learns. Default: 1 (paper). */
  readonly kd?: number;
  /** Weight of T² · KL(student ‖ peer), by which the peer learns. Default: 1 (paper). */
  readonly reverse?: number;
  /**
   * Whether the target of each KL is a constant, without a gradient. Default: true (paper; not in
   * OKDDip's code).
   */
  readonly constant?: boolean;
  /**
   * Constant added to each of the target's probabilities. Default: 0 (paper; OKDDip's code has
   * 1e-7).
   */
  readonly floor?: number;
  /** Whether both logits are standardised first (Sun et al., 2024). Default: false. */
  readonly standardised?: boolean;
}

/**
 * DML: Deep Mutual Learning. Zhang et al., 2018. arXiv:1706.00384. A peer p learns from scratch
 * beside the student s. Each learns from labels and from the other, and one step updates both: L =
 * ce · (CE(s, y) + CE(p, y)) + kd · T² · KL(p ‖ s) + reverse · T² · KL(s ‖ p), softened by T, with
 * the first of each KL a constant.
 */
export function dml(options: DmlOptions): Distiller<Scorer> {
  const {
    peer,
    temperature = 1,
    ce = 1,
    kd = 1,
    reverse = 1,
    constant = true,
    floor = 0,
    standardised,
  } = options;
  return {
    id: "dml",
    options: checkRanges("dml", {
      peer: { id: peer.id, options: peer.options },
      temperature,
      ce,
      kd,
      reverse,
      constant,
      floor,
      standardised,
    }, {
      ce: atLeast(0),
      kd: atLeast(0),
      temperature: above(0),
      reverse: atLeast(0),
      floor: between(),
    }),
    paper: "Deep Mutual Learning. Zhang et al., 2018. arXiv:1706.00384",
    build({ create }) {
      const model = create.in("peer")(peer);
      return ({ student, task, image, live, mask }): Terms => {
        const output = model.run(image, live);
        const s = student.taps.logits;
        const p = output.taps.logits;
        const divergence = (learner: typeof s, target: typeof s) =>
          kl(learner, constant ? stopGradient(target) : target, temperature, {
            floor,
            standardised,
          });
        return {
          task: [ce, task(student), "task"],
          kd: [kd, applyMask(divergence(s, p), mask("logits"))],
          peer_task: [ce, task(output), "task"],
          ...(reverse !== 0 && { peer_kd: [reverse, divergence(p, s)] }),
        };
      };
    },
  };
}
