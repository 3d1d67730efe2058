/**
 * SLKD*, Tables 8 and 9: two self-learning teachers are trained first, then the student by them and
 * their teacher.
 */
import { ensemble, type Experiment, experiment, from, slkdSequential } from "../../mod.ts";
import { each, type Learner, slkdPairs } from "../cifar100/pairs.ts";
import self from "./self_learning.ts";

/** The self-learning teacher of a teacher's architecture. */
const SELF: Readonly<Record<string, Experiment<Learner>>> = self;

export default each(slkdPairs, (pair) => {
  const learned = SELF[pair.teacher.experiment.student.id];
  const teacher = ensemble(pair.teacher, from(learned), from(learned, { seed: 2 }));
  return experiment(import.meta, { ...pair, teacher, distiller: slkdSequential() });
});
