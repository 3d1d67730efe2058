/** FT at the spots that SAKD's policy selects. */
import { experiment, from, ft, sakd } from "../../mod.ts";
import first from "./ft_init.ts";
import { each, isHomogeneous, sakdPairs } from "./pairs.ts";

export default each(sakdPairs, (pair, name) => {
  const { paraphraser } = from(first[name]).trainedModules;
  return experiment(import.meta, {
    ...pair,
    distiller: sakd(ft({ paraphraser }), { homogeneous: isHomogeneous(name) }),
  });
});
