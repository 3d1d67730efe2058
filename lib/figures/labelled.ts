import { labelsOf } from "../project/labels.ts";
import type { Shown } from "./figure.ts";

/** An experiment that a figure shows, under its name there. */
export interface Labelled extends Shown {
  /** A short name, unlike those of the others that the figure shows. */
  readonly label: string;
}

/** Names the experiments that a figure shows. */
export function labelled<S extends Shown>(shown: readonly S[]): (S & Labelled)[] {
  const labels = labelsOf(shown.map(({ identity }) => identity));
  return shown.map((one, i) => ({ ...one, label: labels[i] }));
}
