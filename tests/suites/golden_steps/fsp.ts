import { fspInit } from "../../../lib/distillers/fsp.ts";
import { steps } from "./check.ts";

/** FSP's first stage. */
export const fsp = [steps(/^init_fsp_/, () => ({ distiller: fspInit(), terms: [] }))];
