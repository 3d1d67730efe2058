/** The methods of SAKD's table on Tiny-ImageNet. */
import {
  at,
  cc,
  combine,
  crd,
  type Distiller,
  experiment,
  fitnets,
  from,
  ft,
  type HardLabels,
  kd,
  nst,
  pkt,
  rkd,
  sakd,
  sp,
  type SpottedDistiller,
  vid,
} from "../../mod.ts";
import type { Learner } from "../cifar100/pairs.ts";
import first from "./ft_init.ts";
import { pairs } from "./pairs.ts";

/**
 * A pair's column, by method: KD, ten methods with KD's term at fixed spots, and the same ten at
 * the spots that SAKD's policy selects. It is the default export of a pair's module.
 */
export function methods(meta: { readonly url: string }, name: keyof typeof pairs) {
  const { paraphraser } = from(first[name]).trainedModules;
  const homogeneous = name !== "vgg13_mobilenetv2";
  const by = (distiller: Distiller<Learner, Learner, HardLabels>) =>
    experiment(meta, { ...pairs[name], distiller });
  const adaptive = (method: SpottedDistiller<Learner, Learner, HardLabels>) =>
    by(sakd(method, { gamma: 2, homogeneous }));
  return {
    kd: by(kd()),
    fitnets: by(combine(kd({ ce: 1, kd: 1 }), fitnets({ weight: 1 }))),
    at: by(at({ kd: 1 })),
    sp: by(sp({ kd: 1 })),
    cc: by(cc({ kd: 1 })),
    vid: by(vid({ kd: 1 })),
    rkd: by(rkd({ kd: 1 })),
    pkt: by(pkt({ kd: 1 })),
    ft: by(ft({ paraphraser, kd: 1 })),
    nst: by(nst({ kd: 1 })),
    crd: by(crd({ kd: 1 })),
    sakd_fitnets: adaptive(fitnets({ weight: 1 })),
    sakd_at: adaptive(at()),
    sakd_sp: adaptive(sp()),
    sakd_cc: adaptive(cc()),
    sakd_vid: adaptive(vid()),
    sakd_rkd: adaptive(rkd()),
    sakd_pkt: adaptive(pkt()),
    sakd_ft: adaptive(ft({ paraphraser })),
    sakd_nst: adaptive(nst()),
    sakd_crd: adaptive(crd()),
  };
}
