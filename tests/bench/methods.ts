import { cutmix, mixup } from "../../lib/data/mix.ts";
import { ab, abInit } from "../../lib/distillers/ab.ts";
import { aekd } from "../../lib/distillers/aekd.ts";
import { at } from "../../lib/distillers/at.ts";
import { aver } from "../../lib/distillers/aver.ts";
import { camkd } from "../../lib/distillers/camkd.ts";
import { cc } from "../../lib/distillers/cc.ts";
import { combine } from "../../lib/distillers/combine.ts";
import { crd } from "../../lib/distillers/crd.ts";
import { dgkd } from "../../lib/distillers/dgkd.ts";
import { dist } from "../../lib/distillers/dist.ts";
import { dkd } from "../../lib/distillers/dkd.ts";
import { dml } from "../../lib/distillers/dml.ts";
import { dmlDagger } from "../../lib/distillers/dml_dagger.ts";
import { ebkd } from "../../lib/distillers/ebkd.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { fspInit } from "../../lib/distillers/fsp.ts";
import { ft, ftInit } from "../../lib/distillers/ft.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { kdDagger } from "../../lib/distillers/kd_dagger.ts";
import { kdsvd } from "../../lib/distillers/kdsvd.ts";
import { mlkd } from "../../lib/distillers/mlkd.ts";
import { nst } from "../../lib/distillers/nst.ts";
import { ofd } from "../../lib/distillers/ofd.ts";
import { one } from "../../lib/distillers/one.ts";
import { pkt } from "../../lib/distillers/pkt.ts";
import { reviewkd } from "../../lib/distillers/reviewkd.ts";
import { rkd } from "../../lib/distillers/rkd.ts";
import { sp } from "../../lib/distillers/sp.ts";
import { takd } from "../../lib/distillers/takd.ts";
import { vid } from "../../lib/distillers/vid.ts";
import type { Distiller, HardLabels, SeveralTeachers } from "../../lib/experiment/distiller.ts";
import { ensemble, type Experiment, experiment, from } from "../../lib/experiment/experiment.ts";
import { type Resnet, resnet32x4, resnet8x4 } from "../../lib/networks/resnet.ts";
import { Failure } from "../../lib/values/failure.ts";
import { images, schedule, teaching } from "./pair.ts";

const teacher = teaching(resnet32x4);
const pair = { teacher, student: resnet8x4 };
const plain = { dataset: images(), schedule: schedule() };

const withTeacher = (distiller: Distiller<Resnet, Resnet, HardLabels>) =>
  experiment(import.meta, { ...plain, ...pair, distiller });
const withoutTeacher = (distiller: Distiller<Resnet, undefined, HardLabels>) =>
  experiment(import.meta, { ...plain, student: resnet8x4, distiller });
const withTwoTeachers = (distiller: Distiller<Resnet, SeveralTeachers<Resnet>, HardLabels>) =>
  experiment(import.meta, {
    ...plain,
    student: resnet8x4,
    teacher: ensemble(teacher, teacher),
    distiller,
  });

const paraphrasing = experiment(import.meta, { ...plain, ...pair, distiller: ftInit() });

/** Each method as an experiment on resnet32x4 → resnet8x4, by its name in `torch_methods.py`. */
export const METHODS = {
  kd: withTeacher(kd()),
  dkd: withTeacher(dkd()),
  "kd+standardised": withTeacher(kd({ standardised: true })),
  dist: withTeacher(dist()),
  dml: withoutTeacher(dml({ peer: resnet32x4 })),
  dml_dagger: withoutTeacher(dmlDagger({ peer: resnet32x4 })),
  kd_dagger: withTeacher(kdDagger()),
  // Without augmentation the view would be the image itself and would be computed once.
  mlkd: experiment(import.meta, {
    ...plain,
    ...pair,
    dataset: images({ views: { strong: { crop: 4, flip: true } } }),
    distiller: mlkd(),
  }),
  takd: withTeacher(takd()),
  dgkd: withTwoTeachers(dgkd()),
  one: withoutTeacher(one()),
  fitnets: withTeacher(fitnets()),
  at: withTeacher(at()),
  sp: withTeacher(sp()),
  cc: withTeacher(cc()),
  vid: withTeacher(vid()),
  rkd: withTeacher(rkd()),
  pkt: withTeacher(pkt()),
  ab_init: withTeacher(abInit()),
  ab: withTeacher(ab()),
  ft_init: paraphrasing,
  ft: withTeacher(ft({ paraphraser: from(paraphrasing).trainedModules.paraphraser })),
  fsp_init: withTeacher(fspInit()),
  nst: withTeacher(nst()),
  kdsvd: withTeacher(kdsvd()),
  crd: withTeacher(crd()),
  ofd: withTeacher(ofd()),
  ofd_released: withTeacher(ofd({ released: true })),
  reviewkd: withTeacher(reviewkd()),
  aver: withTwoTeachers(aver()),
  aekd: withTwoTeachers(aekd()),
  camkd: withTwoTeachers(camkd()),
  ebkd: withTwoTeachers(ebkd()),
  "kd+mixup": experiment(import.meta, {
    ...plain,
    ...pair,
    dataset: images({ mix: mixup() }),
    distiller: kd(),
  }),
  "kd+cutmix": experiment(import.meta, {
    ...plain,
    ...pair,
    dataset: images({ mix: cutmix({ probability: 1 }) }),
    distiller: kd(),
  }),
  "kd+crd": withTeacher(combine(kd(), crd())),
  "kd+dot": experiment(import.meta, {
    ...plain,
    ...pair,
    schedule: schedule({ dot: 0.075 }),
    distiller: kd(),
  }),
} as const satisfies Readonly<Record<string, Experiment>>;

/** A method's name. */
export type Method = keyof typeof METHODS;

/** Finds the method of this name. Throws a `Failure` (exit 2) if there is none. */
export function methodOf(name: string): Method {
  if (Object.hasOwn(METHODS, name)) return name as Method;
  throw new Failure(2, `--method is one of ${Object.keys(METHODS).join(", ")}, not "${name}"`);
}
