import type { Experiment } from "../../lib/experiment/experiment.ts";
import { type Method, METHODS } from "./methods.ts";
import { OWN_STEPS, type OwnStep } from "./own_steps.ts";
import { kdOn } from "./pair.ts";

/** Plain KD on a pair, and what it is computed in. */
export interface PairCase {
  /** Teacher and student, e.g. `vgg13-vgg8`. */
  readonly pair: string;
  /** What convolutions and products are done in. */
  readonly precision: string;
}

/** A method on resnet32x4 → resnet8x4, and what it is computed in. */
export interface MethodCase {
  /** The method's name. */
  readonly method: Method;
  /** What convolutions and products are done in. */
  readonly precision: string;
}

/** A step that one of the papers' own methods is measured by, and what it is computed in. */
export interface OwnCase {
  /** The step's name. */
  readonly own: OwnStep;
  /** What convolutions and products are done in. */
  readonly precision: string;
}

/** What is compared with PyTorch. */
export type Compared = PairCase | MethodCase;

/** What is timed. */
export type Case = Compared | OwnCase;

/** What a case does. Throws a `Failure` (exit 2) where a network's name is none. */
export function experimentOf(what: Case): Experiment {
  if ("own" in what) return OWN_STEPS[what.own];
  return "method" in what ? METHODS[what.method] : kdOn(what.pair);
}
