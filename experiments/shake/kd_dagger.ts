/** KD† that tunes only a part of the teacher: panels F and G of SHAKE's poster. */
import { experiment, kdDagger } from "../../mod.ts";
import { pairs } from "../cifar100/pairs.ts";

const pair = pairs.resnet110_resnet20;

export default {
  head: experiment(import.meta, { ...pair, distiller: kdDagger({ tune: "head" }) }),
  adapter: experiment(import.meta, { ...pair, distiller: kdDagger({ tune: "adapter" }) }),
};
