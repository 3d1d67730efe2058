import { type Layer, module } from "./layer.ts";
import type { Tensor } from "../kernels/tensor.ts";
import type { Model, Net, Tap } from "./network.ts";
import type { Pass } from "./pass.ts";
import type { Stage } from "./stage.ts";

/**
 * The recipes of a network's stages after a tap as one layer: from the next stage's input to the
 * last stage's output.
 */
export function tail<N extends Net>({ recipe, classes, image }: Model<N>, tap: Tap<N>): Layer {
  return (create, input) => {
    const stages = Object.entries<Stage>(recipe.stages(classes, image));
    const later = stages.slice(stages.findIndex(([name]) => name === tap) + 1);
    let shape = input;
    const modules = later.map(([name, stage]) => {
      const stageModule = stage(create.in(name), shape);
      shape = stageModule.nextShape ?? stageModule.shape;
      return stageModule;
    });
    return module(
      (x, pass) =>
        modules.reduce((y, stage) => {
          const { out, next = out } = stage(y, pass);
          return next;
        }, x),
      shape,
      modules.reduce((sum, stage) => sum + stage.multiplyAdds, 0),
    );
  };
}

/**
 * Runs the stages of a network after a tap on another output of that tap. In the `frozen` pass the
 * network does not learn, but gradients flow to `out`: the head of a teacher on the features of a
 * student, `runAfter(teacher, "pooled", features, frozen)`.
 */
export function runAfter<N extends Net>(
  model: Model<N>,
  tap: Tap<N>,
  out: Tensor,
  pass: Pass,
): Tensor {
  return runBehind(model, tap, model.hand(tap, out, pass), pass);
}

/** The same from another `next` of that tap's stage, the input of the stage after it. */
export function runBehind<N extends Net>(
  model: Model<N>,
  tap: Tap<N>,
  next: Tensor,
  pass: Pass,
): Tensor {
  const taps = Object.keys(model.shapes) as Tap<N>[];
  return taps.slice(taps.indexOf(tap) + 1).reduce((x, name) => {
    const { out, next = out } = model.stage(name, x, pass);
    return next;
  }, next);
}
