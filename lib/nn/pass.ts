import type { Tensor } from "../kernels/tensor.ts";
import { stop } from "./ops.ts";
import type { Variable } from "./variables.ts";

/**
 * How a network is run. `live`: batch statistics, gradients to the weights, running statistics
 * remembered. `frozen`: running statistics (those that the live pass of the same step produced,
 * where there was one), no gradient to the weights; gradients still flow through to the input.
 */
export interface Pass {
  /** Whether batch statistics are used and the running ones move. */
  readonly training: boolean;
  /** Whether it may change a variable; a norm whose own it leaves alone uses running statistics. */
  learns(variable: Variable): boolean;
  /** A variable's values in this pass. */
  read(variable: Variable): Tensor;
  /** Takes a statistic's next value; it is written when the step is done. */
  remember(variable: Variable, value: Tensor): void;
  /** Which samples batch statistics are of, [batch] of 0 and 1; absent: all. */
  readonly mask?: Tensor;
  /** Whether they are of the whole batch even at a spot where only some samples learn; no. */
  readonly whole?: boolean;
}

/**
 * A pass for a module at a spot where `mask` ([batch] of 0 and 1) says which samples learn: batch
 * statistics are theirs alone, as if they were the batch, unless the pass wants those of the
 * `whole` batch. Without a mask the pass itself.
 */
export function passAmong(pass: Pass, mask: Tensor | undefined): Pass {
  return mask && !pass.whole ? { ...pass, mask } : pass;
}

/**
 * The two passes of one step, and every statistic they remember in the order it came: the last
 * value of a variable counts. The live one leaves the variables `frozenVariables` alone.
 */
export function passes(
  frozenVariables: ReadonlySet<Variable> = new Set(),
): { live: Pass; frozen: Pass; remembered: (readonly [Variable, Tensor])[] } {
  const remembered: (readonly [Variable, Tensor])[] = [];
  const latest = new Map<Variable, Tensor>();
  const read = (variable: Variable) => latest.get(variable) ?? variable.value;
  const live: Pass = {
    training: true,
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
    read: (variable) => stop(read(variable)),
    remember: (variable) => {
      throw new Error(`a frozen pass has no statistics to remember (${variable.name})`);
    },
  };
  return { live, frozen, remembered };
}
