import { scratch as method } from "../../../lib/distillers/scratch.ts";
import { type Method, steps } from "./check.ts";

const makeMethod = (): Method => ({
  distiller: method(),
  terms: [{ of: [[1, "loss"]], terms: ["task"] }],
});

/** Training on labels alone. */
export const scratch = [steps(/^vanilla_/, makeMethod)];
