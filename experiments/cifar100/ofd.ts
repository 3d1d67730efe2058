/** OFD, as mdistiller has it, but with a teacher that stays as it is. */
import { experiment, ofd } from "../../mod.ts";
import { each, slkdPairs } from "./pairs.ts";

export default each(slkdPairs, (pair) => experiment(import.meta, { ...pair, distiller: ofd() }));
