import type { Distiller } from "../experiment/distiller.ts";
import type { Scorer } from "../nn/network.ts";
import { kd, type KdOptions } from "./kd.ts";

/**
 * ATKD, a row of SHAKE's ImageNet table that no text explains. Our reading: knowledge distillation
 * by teacher assistant (Mirzadeh et al., 2020), with the loss and the defaults of `kd` in the same
 * table. An assistant between teacher and student is an experiment of its own, which the student's
 * experiment imports. `takd` works the same way with the released code's loss.
 */
export function atkd(options: KdOptions = {}): Distiller<Scorer, Scorer> {
  return {
    ...kd(options),
    id: "atkd",
    paper:
      "Improved Knowledge Distillation via Teacher Assistant. Mirzadeh et al., 2020. arXiv:1902.03393",
  };
}
