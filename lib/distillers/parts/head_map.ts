import { reluOp } from "../../kernels/relu.ts";
import type { Tensor } from "../../kernels/tensor.ts";
import type { Classifier, Model, Net, Output, Tap } from "../../nn/network.ts";
import type { Stage, StageOutput } from "../../nn/stage.ts";
import type { Variable } from "../../nn/variables.ts";

/**
 * A map as a classifier averages it. A pre-activation network's stage hands on its map after the
 * next norm, and its head begins with the ReLU: the map is then the one after both. A transformer
 * hands on tokens: the map is then that of its patches.
 */
export function headMap<N extends Net>({ taps, next }: Output<N>, tap: Tap<N>): Tensor {
  const [map, handed] = [taps[tap], next[tap]];
  return handed === map || handed.rank !== map.rank ? map : reluOp(handed);
}

/**
 * The tap of a classifier's last map, if its head does no more than average it. `undefined` if it
 * has convolutions of its own, or takes tokens.
 */
export function averagedMap<N extends Classifier>(model: Model<N>): Tap<N> | undefined {
  const tap = model.maps.at(-1);
  const parts: Readonly<Record<string, readonly Variable[]>> = model.parts;
  const isAveraged = tap !== undefined && model.nextShapes[tap].length === 3 &&
    parts.pooled.every(({ shape }) => shape.length === 1);
  return isAveraged ? tap : undefined;
}

/** A stage that hands on its map as `headMap` has it. */
export function handingHeadMap(stage: Stage): Stage {
  return (...parts) => {
    const module = stage(...parts);
    const { hand, nextShape } = module;
    const run = (...given: Parameters<typeof module>): StageOutput => {
      const { next, ...output } = module(...given);
      return next && !nextShape ? { ...output, next: reluOp(next) } : output;
    };
    return Object.assign(run, {
      ...module,
      nextShape: undefined,
      hand: hand && ((...given: Parameters<typeof hand>) => reluOp(hand(...given))),
    });
  };
}
