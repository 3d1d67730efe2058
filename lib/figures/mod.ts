/**
 * The figures by name, in the order of their list.
 *
 * @module
 */
import { accuracy } from "./accuracy.ts";
import { correlationMaps } from "./correlation_maps.ts";
import type { Figure } from "./figure.ts";
import { gap } from "./gap.ts";
import { gradCamMaps } from "./grad_cam_maps.ts";
import { gradients } from "./gradients.ts";
import { losses } from "./losses.ts";
import { selfTeachers } from "./self_teachers.ts";
import { sizes } from "./sizes.ts";
import { spots } from "./spots.ts";
import { teacherDivergence } from "./teacher_divergence.ts";
import { trajectory } from "./trajectory.ts";
import { tsneScatter } from "./tsne_scatter.ts";

/** Every figure by its name on the command line. */
export const FIGURES = {
  accuracy,
  divergence: teacherDivergence,
  gap,
  trajectory,
  "self-teachers": selfTeachers,
  spots,
  losses,
  gradients,
  sizes,
  tsne: tsneScatter,
  correlation: correlationMaps,
  "grad-cam": gradCamMaps,
} as const satisfies Readonly<Record<string, Figure>>;
