import type { Distiller, Objects } from "../experiment/distiller.ts";
import type { Detector } from "../nn/detector.ts";
import { lookAt } from "../nn/two_stages.ts";
import { above, atLeast, checkRanges } from "../values/range.ts";
import { decoupleRegions } from "./parts/distil_regions.ts";

/** Options of `dkdOnRegions`. The defaults are mdistiller's. */
export interface DkdOnRegionsOptions {
  /** Weight of TCKD. Default: 1. */
  readonly alpha?: number;
  /** Weight of NCKD. Default: 0.25. */
  readonly beta?: number;
  /** T, which softens both distributions. Default: 1. */
  readonly temperature?: number;
}

/**
 * DKD on a detector (Zhao et al., 2022, § 4.1): the student's four losses and α · TCKD + β · NCKD
 * of the classes of the student's sampled regions, the background a class like the others. The
 * teacher's head looks at the same regions on its own pyramid.
 */
export function dkdOnRegions(
  { alpha = 1, beta = 0.25, temperature = 1 }: DkdOnRegionsOptions = {},
): Distiller<Detector, Detector, Objects> {
  return {
    id: "dkd",
    options: checkRanges("dkd", { alpha, beta, temperature }, {
      alpha: atLeast(0),
      beta: atLeast(0),
      temperature: above(0),
    }),
    paper: "Decoupled Knowledge Distillation. Zhao et al., 2022. arXiv:2203.08679",
    build: () => ({ student, teacher, task, regionsOf }) => {
      const regions = regionsOf(student);
      const theirs = lookAt(teacher, regions.boxes);
      const { target, others } = decoupleRegions(regions.output, theirs, regions, temperature);
      return {
        task: [1, task(student), "task"],
        tckd: [alpha, target],
        nckd: [beta, others],
      };
    },
  };
}
