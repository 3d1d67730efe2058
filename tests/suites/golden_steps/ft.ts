import { assertEquals } from "@std/assert";
import { ft as method, ftInit } from "../../../lib/distillers/ft.ts";
import { paraphraserNames, translatorNames } from "../../support/reference_networks.ts";
import { untrainedModule } from "../../support/untrained_module.ts";
import { type Method, type Steps, steps } from "./check.ts";

const makeMethod = ({ gamma, alpha, beta }: Steps["args"]): Method => {
  assertEquals(alpha, 0);
  return {
    distiller: method({
      paraphraser: untrainedModule(ftInit(), "paraphraser"),
      ce: gamma,
      weight: beta,
    }),
    terms: [{ of: [[gamma, "cls"]], terms: ["task"] }, { of: [[beta, "kd"]], terms: ["ft"] }],
    modules: { translator: translatorNames },
    frozen: { paraphraser: paraphraserNames },
  };
};

/** FT with an untrained paraphraser. */
export const ft = [steps(/^ft_/, makeMethod)];
