/**
 * The figures by name, in the order of their list.
 *
 * @module
 */
import { accuracy } from "./accuracy.ts";
import { divergence } from "./divergence.ts";
import type { Figure } from "./figure.ts";
import { gap } from "./gap.ts";
import { gradients } from "./gradients.ts";
import { losses } from "./losses.ts";
import { selfTeachers } from "./self_teachers.ts";
import { sizes } from "./sizes.ts";
import { spots } from "./spots.ts";
import { trajectory } from "./trajectory.ts";

/** Every figure by its name on the command line. */
export const FIGURES = {
  accuracy,
  divergence,
  gap,
  trajectory,
  "self-teachers": selfTeachers,
  spots,
  losses,
  gradients,
  sizes,
} as const satisfies Readonly<Record<string, Figure>>;
