/** A few SGD steps of methods on the references' networks, weights and batches. */
import type { Steps } from "./golden_steps/check.ts";
import { ab } from "./golden_steps/ab.ts";
import { at } from "./golden_steps/at.ts";
import { cc } from "./golden_steps/cc.ts";
import { crd } from "./golden_steps/crd.ts";
import { dkd } from "./golden_steps/dkd.ts";
import { dot } from "./golden_steps/dot.ts";
import { fitnets } from "./golden_steps/fitnets.ts";
import { fsp } from "./golden_steps/fsp.ts";
import { ft } from "./golden_steps/ft.ts";
import { kd } from "./golden_steps/kd.ts";
import { nst } from "./golden_steps/nst.ts";
import { ofd } from "./golden_steps/ofd.ts";
import { pkt } from "./golden_steps/pkt.ts";
import { reviewkd } from "./golden_steps/reviewkd.ts";
import { rkd } from "./golden_steps/rkd.ts";
import { sakd } from "./golden_steps/sakd.ts";
import { scratch } from "./golden_steps/scratch.ts";
import { shake } from "./golden_steps/shake.ts";
import { slkd } from "./golden_steps/slkd.ts";
import { sp } from "./golden_steps/sp.ts";
import { vid } from "./golden_steps/vid.ts";
import { goldens } from "../support/goldens.ts";

await goldens<Steps>("steps", [
  ...ab,
  ...at,
  ...cc,
  ...crd,
  ...dkd,
  ...dot,
  ...fitnets,
  ...fsp,
  ...ft,
  ...kd,
  ...nst,
  ...ofd,
  ...pkt,
  ...reviewkd,
  ...rkd,
  ...sakd,
  ...scratch,
  ...shake,
  ...slkd,
  ...sp,
  ...vid,
]);
