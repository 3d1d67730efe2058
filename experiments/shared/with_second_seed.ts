import { ensemble, from, type Net, type Trained } from "../../mod.ts";

/** A teacher and the one of seed 2, for papers that do not name their second teacher. */
export const withSecondSeed = <N extends Net>(teacher: Trained<N>) =>
  ensemble(teacher, from(teacher.experiment, { seed: 2 }));
