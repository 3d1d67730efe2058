import { kd as method } from "../../../lib/distillers/kd.ts";
import { type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ gamma, alpha, kd_T }: Steps["args"]): Method => ({
  distiller: method({ temperature: kd_T, ce: gamma, kd: alpha }),
  terms: [{ of: [[gamma, "cls"]], terms: ["task"] }, { of: [[alpha, "div"]], terms: ["kd"] }],
});

/** KD. */
export const kd = [steps(/^kd_/, makeMethod)];
