import type { CompiledStep, Engine, StepFunction, Ungrouped } from "../engine/engine.ts";
import type { Assembly } from "./assemble.ts";
import { type EvaluateInput, evaluateStep } from "./evaluate_step.ts";
import { inParts, partOf } from "./in_parts.ts";
import {
  accumulateStep,
  type ByTrial,
  checkedTrainStep,
  gradNormStep,
  type GradNormValues,
  type Parallel,
  type PartInput,
  type TrainInput,
  type TrainParts,
  type TrainValues,
} from "./step.ts";

/** The functions that a run calls on each batch, for several trials at once. */
export interface Steps {
  /** Runs one training step. */
  readonly step: CompiledStep<TrainInput, ByTrial<TrainValues>>;
  /**
   * Computes the norm of each term's gradient with respect to the student in such a step, or in its
   * first part.
   */
  readonly gradNorms: CompiledStep<TrainInput, ByTrial<GradNormValues>>;
  /** Evaluates the students and, after them, the averages of those that have one, in order. */
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
  const averages = trials.flatMap(({ student, parts: { average } }) =>
    average ? [{ student, instead: average.of }] : []
  );
  const pairs = trials.map(({ student, teachers: [teacher] }) => ({ student, teacher }));
  return {
    ...learningSteps(engine, parts, parallel),
    evaluate: engine.compile(evaluateStep(task, [...students, ...averages], normalisation)),
    compare: engine.compile(evaluateStep(task, pairs, normalisation)),
  };
}

/** Compiles the steps over whole batches, or over their parts. */
function learningSteps(
  engine: Engine,
  trials: readonly TrainParts[],
  parallel?: Parallel,
): Pick<Steps, "step" | "gradNorms"> {
  const [{ accumulation }] = trials;
  const train = checkedTrainStep(trials, parallel);
  const norms = gradNormStep(trials, parallel);
  if (!accumulation) return { step: engine.compile(train), gradNorms: engine.compile(norms) };
  const { parts } = accumulation;
  type PartsInput = TrainInput | PartInput;
  const compile = <V extends ByTrial<TrainValues | GradNormValues>>(
    step: StepFunction<TrainInput, V>,
  ) => engine.compile<PartsInput, V>(step);
  const normsOfPart = compile(norms);
  return {
    step: inParts(parts, compile(accumulateStep(trials, parallel)), compile(train)),
    gradNorms: (inputs) => normsOfPart(partOf(inputs, 0, parts)),
  };
}
