import type { CompiledStep, Engine, Ungrouped } from "../engine/engine.ts";
import type { Assembly } from "./assemble.ts";
import { type EvaluateInput, evaluateStep } from "./evaluate_step.ts";
import {
  type ByTrial,
  checkedTrainStep,
  gradNormStep,
  type GradNormValues,
  type Parallel,
  type TrainInput,
  type TrainValues,
} from "./step.ts";

/** The functions that a run calls on each batch, for several trials at once. */
export interface Steps {
  /** Runs one training step. */
  readonly step: CompiledStep<TrainInput, ByTrial<TrainValues>>;
  /** Computes the norm of each term's gradient with respect to the student in such a step. */
  readonly gradNorms: CompiledStep<TrainInput, ByTrial<GradNormValues>>;
  /** Evaluates the students. */
  readonly evaluate: CompiledStep<EvaluateInput, ByTrial<Ungrouped>>;
  /** Evaluates the students, each beside its first teacher if it has one. */
  readonly compare: CompiledStep<EvaluateInput, ByTrial<Ungrouped>>;
}

/**
 * Compiles the steps of trials that train together. All have the same seed, task and changes to
 * images. Default of `parallel`: one process alone.
 */
export function compileSteps(
  engine: Engine,
  trials: readonly Assembly[],
  parallel?: Parallel,
): Steps {
  const parts = trials.map(({ parts }) => parts);
  const [{ task, normalisation }] = parts;
  const students = trials.map(({ student }) => ({ student }));
  const pairs = trials.map(({ student, teachers: [teacher] }) => ({ student, teacher }));
  return {
    step: engine.compile(checkedTrainStep(parts, parallel)),
    gradNorms: engine.compile(gradNormStep(parts, parallel)),
    evaluate: engine.compile(evaluateStep(task, students, normalisation)),
    compare: engine.compile(evaluateStep(task, pairs, normalisation)),
  };
}
