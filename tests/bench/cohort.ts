import { at } from "../../lib/distillers/at.ts";
import { dkd } from "../../lib/distillers/dkd.ts";
import { fitnets } from "../../lib/distillers/fitnets.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { shake } from "../../lib/distillers/shake.ts";
import { experiment } from "../../lib/experiment/experiment.ts";
import {
  type Resnet,
  resnet20,
  resnet32x4,
  resnet56,
  resnet8x4,
} from "../../lib/networks/resnet.ts";
import { vgg13, vgg8 } from "../../lib/networks/vgg.ts";
import { Failure } from "../../lib/values/failure.ts";
import { images, schedule, teaching } from "./pair.ts";

const cohort = (teacher: Resnet, student: Resnet) => {
  const pair = { dataset: images(), teacher: teaching(teacher), student, schedule: schedule() };
  return {
    kd: experiment(import.meta, { ...pair, distiller: kd() }),
    dkd: experiment(import.meta, { ...pair, distiller: dkd() }),
    fitnets: experiment(import.meta, { ...pair, distiller: fitnets() }),
    at: experiment(import.meta, { ...pair, distiller: at() }),
    shake: experiment(import.meta, { ...pair, distiller: shake() }),
  };
};

/** Five methods on a pair, by the pair's name. */
export const COHORTS = {
  "vgg13-vgg8": cohort(vgg13, vgg8),
  "resnet32x4-resnet8x4": cohort(resnet32x4, resnet8x4),
  "resnet56-resnet20": cohort(resnet56, resnet20),
} as const;

/** The name of a pair whose methods train together. */
export type CohortPair = keyof typeof COHORTS;

/** The name of a method in a cohort. */
export type Member = keyof (typeof COHORTS)[CohortPair];

/** The methods of each cohort. */
export const MEMBERS = ["kd", "dkd", "fitnets", "at", "shake"] as const satisfies readonly Member[];

/** Finds the pair of this name. Throws a `Failure` (exit 2) if there is none. */
export function cohortOf(name: string): CohortPair {
  if (Object.hasOwn(COHORTS, name)) return name as CohortPair;
  throw new Failure(2, `--pair is one of ${Object.keys(COHORTS).join(", ")}, not "${name}"`);
}

/** Finds the method of this name. Throws a `Failure` (exit 2) if there is none. */
export function memberOf(name: string): Member {
  const found = MEMBERS.find((member) => member === name);
  if (found) return found;
  throw new Failure(2, `--member is one of ${MEMBERS.join(", ")}, not "${name}"`);
}
