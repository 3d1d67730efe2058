import { scratch as method } from "../../../lib/distillers/scratch.ts";
import { type Method, steps } from "./check.ts";

const vanilla = (): Method => ({
  distiller: method(),
  terms: [{ of: [[1, "loss"]], terms: ["task"] }],
});

/** Labels alone. */
export const scratch = [steps(/^vanilla_/, vanilla)];
