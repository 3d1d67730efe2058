import { type Layer, module } from "./layer.ts";
import type { Net, Tap } from "./network.ts";
import type { Stage } from "./stage.ts";

/**
 * The stages of a network after a tap as one layer: from the next stage's input to the last stage's
 * output.
 */
export function tail<N extends Net>(recipe: N, classes: number, tap: Tap<N>): Layer {
  return (create, input) => {
    const stages = Object.entries<Stage>(recipe.stages(classes));
    const behind = stages.slice(stages.findIndex(([name]) => name === tap) + 1);
    let shape = input;
    const modules = behind.map(([name, stage]) => {
      const stageModule = stage(create.in(name), shape);
      shape = stageModule.shape;
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
