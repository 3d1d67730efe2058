/** FT with KD's term at fixed spots, a baseline of SAKD. */
import { experiment, from, ft } from "../../mod.ts";
import first from "./ft_init.ts";
import { each, sakdPairs } from "./pairs.ts";

export default each(
  sakdPairs,
  (pair, name) =>
    experiment(import.meta, {
      ...pair,
      distiller: ft({ paraphraser: from(first[name]).trainedModules.paraphraser, kd: 1 }),
    }),
);
