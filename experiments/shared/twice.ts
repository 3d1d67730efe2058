import { ensemble, from, type Net, type Trained } from "../../mod.ts";

/** A teacher and its like of seed 2: the second teacher where a paper does not say which it is. */
export const twice = <N extends Net>(teacher: Trained<N>) =>
  ensemble(teacher, from(teacher.experiment, { seed: 2 }));
