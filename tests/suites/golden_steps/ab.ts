import { abInit } from "../../../lib/distillers/ab.ts";
import { steps } from "./check.ts";

/** AB's first stage. */
export const ab = [steps(/^init_ab_/, () => ({ distiller: abInit(), terms: [] }))];
