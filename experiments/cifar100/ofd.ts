/** OFD with mdistiller's settings, but with a frozen teacher. */
import { experiment, ofd } from "../../mod.ts";
import { each, slkdPairs } from "./pairs.ts";

export default each(slkdPairs, (pair) => experiment(import.meta, { ...pair, distiller: ofd() }));
