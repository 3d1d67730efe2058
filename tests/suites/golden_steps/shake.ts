import { assertEquals } from "@std/assert";
import { shake as method } from "../../../lib/distillers/shake.ts";
import type { Golden } from "../../support/goldens.ts";
import { shadowNames } from "../../support/reference_networks.ts";
import { type Final, type Method, type Steps, steps } from "./check.ts";

/** The released shadow has its own classifier, which nothing uses, so that it never changes. */
const unused = (name: string) => (_: Final, golden: Golden<Steps>) =>
  golden.tensor(`init.proxy.${name}`).data;

const makeMethod = ({ gamma, alpha, beta, kd_T }: Steps["args"]): Method => {
  assertEquals(beta, 1);
  return {
    distiller: method({ released: true, ce: gamma, direct: alpha, temperature: kd_T }),
    terms: [
      { of: [[1, "cls"]], terms: ["task"] },
      { of: [[1, "kl_student_to_proxy"]], terms: ["shadow"] },
      { of: [[1, "kl_proxy_to_student"]], terms: ["reverse"] },
      { of: [[1, "ce_proxy"]], terms: ["labels"] },
    ],
    modules: {
      proxy: {
        ...shadowNames("block1", "block2", "block3"),
        "fc.weight": unused("fc.weight"),
        "fc.bias": unused("fc.bias"),
      },
    },
  };
};

/** SHAKE as released. */
export const shake = [steps(/^shake_/, makeMethod)];
