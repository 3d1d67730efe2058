/** FT at fixed spots, KD's term beside it: what SAKD compares itself with. */
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
