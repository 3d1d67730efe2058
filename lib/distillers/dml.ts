import type { Distiller, Terms } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { kl, masked, stop } from "../nn/ops.ts";

/** What `dml` can be asked for. */
export interface DmlOptions {
  /**
   * The network that learns beside the student, from scratch; it may be the same as the student's.
   */
  readonly peer: Scorer;
  /** T; 1 (paper; OKDDip's code has 3). */
  readonly temperature?: number;
  /** Weight of either network's cross-entropy; 1 (paper). */
  readonly ce?: number;
  /** Weight of what the student learns from the peer; 1 (paper). */
  readonly kd?: number;
  /** Weight of what the peer learns from the student; 1 (paper). */
  readonly reverse?: number;
  /**
   * Whether each network is a constant to the one that learns from it; yes (paper; not in OKDDip's
   * code).
   */
  readonly constant?: boolean;
  /** Added to each probability that is learned from; 0 (paper; OKDDip's code has 1e-7). */
  readonly floor?: number;
  /** Whether both logits are standardised first (Sun et al., 2024); no. */
  readonly standardised?: boolean;
}

/**
 * DML: Deep Mutual Learning. Zhang et al., 2018. arXiv:1706.00384. A peer p learns from scratch
 * beside the student s, each from labels and from the other, both updated in one step: L = ce ·
 * (CE(s, y) + CE(p, y)) + kd · T² · KL(p ‖ s) + reverse · T² · KL(s ‖ p), softened by T, the first
 * of each KL a constant.
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
    options: {
      peer: { id: peer.id, options: peer.options },
      temperature,
      ce,
      kd,
      reverse,
      constant,
      floor,
      standardised,
    },
    paper: "Deep Mutual Learning. Zhang et al., 2018. arXiv:1706.00384",
    build({ create }) {
      const model = create.in("peer")(peer);
      return ({ student, task, image, live, mask }): Terms => {
        const output = model.run(image, live);
        const s = student.taps.logits;
        const p = output.taps.logits;
        const towards = (learner: typeof s, target: typeof s) =>
          kl(learner, constant ? stop(target) : target, temperature, { floor, standardised });
        return {
          task: [ce, task(student), "task"],
          kd: [kd, masked(towards(s, p), mask("logits"))],
          peer_task: [ce, task(output), "task"],
          ...(reverse !== 0 && { peer_kd: [reverse, towards(p, s)] }),
        };
      };
    },
  };
}
