import type { AllReduce } from "../kernels/all_reduce.ts";
import type { Random } from "../kernels/random_uniform.ts";
import type { Tensor } from "../kernels/tensor.ts";
import { stopGradient } from "./ops.ts";
import type { Variable } from "./variables.ts";

/**
 * A mode of running a network. `live`: batch statistics, gradients to the weights, new running
 * statistics. `frozen`: running statistics (those of the live pass of the same step, if there was
 * one), no gradient to the weights. Gradients still flow to the input.
 */
export interface Pass {
  /** Whether the pass uses batch statistics and moves the running ones. */
  readonly training: boolean;
  /**
   * Whether the pass may change a variable. If not those of a norm, the norm uses running
   * statistics.
   */
  learns(variable: Variable): boolean;
  /** A variable's values in this pass. */
  read(variable: Variable): Tensor;
  /** Records a statistic's next value, which the step writes at its end. */
  remember(variable: Variable, value: Tensor): void;
  /** The samples of the batch statistics, [batch] of 0 and 1. Default: all. */
  readonly mask?: Tensor;
  /**
   * Whether batch statistics are of the whole batch even at a spot where only some samples learn.
   * Default: no.
   */
  readonly whole?: boolean;
  /**
   * Random numbers that differ from step to step, for layers such as dropout. `undefined` where a
   * network runs without: in a frozen pass.
   */
  readonly random?: Random;
  /** Adds up the sums behind batch statistics over a cluster's workers. Default: one worker. */
  readonly reduce?: AllReduce;
}

/**
 * A pass for a module at a spot where `mask` ([batch] of 0 and 1) says which samples learn. Batch
 * statistics are those of these samples alone, as if they were the batch, unless the pass is
 * `whole`. Without a mask, the pass itself.
 */
export function passAmong(pass: Pass, mask: Tensor | undefined): Pass {
  return mask && !pass.whole ? { ...pass, mask } : pass;
}

/**
 * The two passes of a step and every statistic that they record, in order: the last value of a
 * variable counts. The live pass does not change `frozenVariables`. With `reduce`, its batch
 * statistics are those of all workers' images. `random`: the live pass's numbers. Default: none.
 */
export function passes(
  frozenVariables: ReadonlySet<Variable> = new Set(),
  reduce?: AllReduce,
  random?: Random,
): { live: Pass; frozen: Pass; remembered: (readonly [Variable, Tensor])[] } {
  const remembered: (readonly [Variable, Tensor])[] = [];
  const latest = new Map<Variable, Tensor>();
  const read = (variable: Variable) => latest.get(variable) ?? variable.value;
  const live: Pass = {
    training: true,
    reduce,
    random,
    learns: (variable) => !frozenVariables.has(variable),
    read,
    remember(variable, value) {
      remembered.push([variable, value]);
      latest.set(variable, value);
    },
  };
  const frozen: Pass = {
    training: false,
    learns: () => false,
    read: (variable) => stopGradient(read(variable)),
    remember: (variable) => {
      throw new Error(`a frozen pass has no statistics to remember (${variable.name})`);
    },
  };
  return { live, frozen, remembered };
}
