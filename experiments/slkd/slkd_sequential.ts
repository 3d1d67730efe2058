/**
 * SLKD*, Tables 8 and 9: first two self-learning teachers learn from their teacher, then the
 * student learns from all three.
 */
import { ensemble, type Experiment, experiment, from, slkdSequential } from "../../mod.ts";
import { each, type Learner, slkdPairs } from "../cifar100/pairs.ts";
import self from "./self_learning.ts";

/** The self-learning teachers by their architecture's id. */
const SELF: Readonly<Record<string, Experiment<Learner>>> = self;

export default each(slkdPairs, (pair) => {
  const learned = SELF[pair.teacher.experiment.student.id];
  const teacher = ensemble(pair.teacher, from(learned), from(learned, { seed: 2 }));
  return experiment(import.meta, { ...pair, teacher, distiller: slkdSequential() });
});
