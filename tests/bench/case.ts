import type { Experiment } from "../../lib/experiment/experiment.ts";
import { type CohortPair, COHORTS, type Member } from "./cohort.ts";
import { type DetectorName, DETECTORS } from "./detectors.ts";
import { type Method, METHODS } from "./methods.ts";
import { OWN_STEPS, type OwnStep } from "./own_steps.ts";
import { kdOn } from "./pair.ts";
import { type VitName, VITS } from "./vits.ts";

/** Plain KD on a pair. */
export interface PairCase {
  /** Teacher and student, e.g. `vgg13-vgg8`. */
  readonly pair: string;
  /** Number format of convolutions and products. */
  readonly precision: string;
}

/** A method on resnet32x4 → resnet8x4. */
export interface MethodCase {
  readonly method: Method;
  /** Number format of convolutions and products. */
  readonly precision: string;
}

/** A step of one of the papers' own methods, or a step to compare it with. */
export interface OwnCase {
  readonly own: OwnStep;
  /** Number format of convolutions and products. */
  readonly precision: string;
}

/** Five methods on a pair that train together, or one of them alone. */
export interface CohortCase {
  readonly cohort: CohortPair;
  /** The method that trains alone. Default: all five train together. */
  readonly member?: Member;
  /** Number format of convolutions and products. */
  readonly precision: string;
}

/** A step of a vision transformer. */
export interface VitCase {
  readonly vit: VitName;
  /** Number format of products. */
  readonly precision: string;
}

/** A step of a detector. */
export interface DetectorCase {
  readonly detector: DetectorName;
  /** Number format of convolutions and products. */
  readonly precision: string;
}

/** A case that is compared with PyTorch. */
export type Compared = PairCase | MethodCase | VitCase | DetectorCase;

/** A case that is timed. */
export type Case = Compared | OwnCase | CohortCase;

/**
 * Gives the experiments of a case, which train together. Throws a `Failure` (exit 2) if a network
 * is unknown.
 */
export function experimentsOf(what: Case): Experiment[] {
  if ("detector" in what) return [DETECTORS[what.detector]];
  if ("vit" in what) return [VITS[what.vit]];
  if ("own" in what) return [OWN_STEPS[what.own]];
  if ("method" in what) return [METHODS[what.method]];
  if ("pair" in what) return [kdOn(what.pair)];
  const all = COHORTS[what.cohort];
  return what.member ? [all[what.member]] : Object.values(all);
}

/** Images of a step of a case: 64, of a detector as many as its schedule has. */
export function batchOf(what: Case): number {
  return "detector" in what ? DETECTORS[what.detector].schedule.batch : 64;
}
