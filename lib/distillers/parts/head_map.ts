import { reluOp } from "../../kernels/relu.ts";
import type { Tensor } from "../../kernels/tensor.ts";
import type { Net, Output, Tap } from "../../nn/network.ts";
import type { Stage, StageOutput } from "../../nn/stage.ts";

/**
 * A map as a classifier averages it. A pre-activation network's stage hands on its map after the
 * next norm, and its head begins with the ReLU: the map is then the one after both.
 */
export function headMap<N extends Net>({ taps, next }: Output<N>, tap: Tap<N>): Tensor {
  return next[tap] === taps[tap] ? taps[tap] : reluOp(next[tap]);
}

/** A stage that hands on its map as `headMap` has it. */
export function handingHeadMap(stage: Stage): Stage {
  return (create, input) => {
    const module = stage(create, input);
    const run = (...given: Parameters<typeof module>): StageOutput => {
      const output = module(...given);
      return output.next ? { ...output, next: reluOp(output.next) } : output;
    };
    const { hand } = module;
    return Object.assign(run, {
      ...module,
      hand: hand && ((...given: Parameters<typeof hand>) => reluOp(hand(...given))),
    });
  };
}
