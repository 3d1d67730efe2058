import type { Distiller, Teachers, TrainedModule } from "../../lib/experiment/distiller.ts";
import type { Net } from "../../lib/nn/network.ts";

/**
 * Gives a module that `distiller` trains for other methods without an experiment. A method that
 * takes it gets it untrained.
 */
export function untrainedModule<S extends Net, T extends Teachers, E extends string>(
  distiller: Distiller<S, T, unknown, E>,
  name: E,
): TrainedModule {
  return { kind: "module", name, layer: distiller.trainedModules![name] };
}
