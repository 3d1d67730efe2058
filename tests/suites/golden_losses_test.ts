/** The loss of every method and its gradients on given outputs, as the references compute them. */
import type { Loss } from "./golden_losses/check.ts";
import { ab } from "./golden_losses/ab.ts";
import { aekd } from "./golden_losses/aekd.ts";
import { at } from "./golden_losses/at.ts";
import { aver } from "./golden_losses/aver.ts";
import { camkd } from "./golden_losses/camkd.ts";
import { cc } from "./golden_losses/cc.ts";
import { crd } from "./golden_losses/crd.ts";
import { cutmix } from "./golden_losses/cutmix.ts";
import { dfgkd } from "./golden_losses/dfgkd.ts";
import { dgkd } from "./golden_losses/dgkd.ts";
import { dist } from "./golden_losses/dist.ts";
import { dkd } from "./golden_losses/dkd.ts";
import { dml } from "./golden_losses/dml.ts";
import { ebkd } from "./golden_losses/ebkd.ts";
import { fitnets } from "./golden_losses/fitnets.ts";
import { fsp } from "./golden_losses/fsp.ts";
import { ft } from "./golden_losses/ft.ts";
import { kd } from "./golden_losses/kd.ts";
import { kdsvd } from "./golden_losses/kdsvd.ts";
import { logitstd } from "./golden_losses/logitstd.ts";
import { mixup } from "./golden_losses/mixup.ts";
import { mlkd } from "./golden_losses/mlkd.ts";
import { nst } from "./golden_losses/nst.ts";
import { ofd } from "./golden_losses/ofd.ts";
import { one } from "./golden_losses/one.ts";
import { pkt } from "./golden_losses/pkt.ts";
import { reviewkd } from "./golden_losses/reviewkd.ts";
import { rkd } from "./golden_losses/rkd.ts";
import { sakd } from "./golden_losses/sakd.ts";
import { shake } from "./golden_losses/shake.ts";
import { slkd } from "./golden_losses/slkd.ts";
import { sp } from "./golden_losses/sp.ts";
import { takd } from "./golden_losses/takd.ts";
import { vid } from "./golden_losses/vid.ts";
import { vit } from "./golden_losses/vit.ts";
import { goldens } from "../support/goldens.ts";

await goldens<Loss>("losses", [
  ...ab,
  ...aekd,
  ...at,
  ...aver,
  ...camkd,
  ...cc,
  ...crd,
  ...cutmix,
  ...dfgkd,
  ...dgkd,
  ...dist,
  ...dkd,
  ...dml,
  ...ebkd,
  ...fitnets,
  ...fsp,
  ...ft,
  ...kd,
  ...kdsvd,
  ...logitstd,
  ...mixup,
  ...mlkd,
  ...nst,
  ...ofd,
  ...one,
  ...pkt,
  ...reviewkd,
  ...rkd,
  ...sakd,
  ...shake,
  ...slkd,
  ...sp,
  ...takd,
  ...vid,
]);

await goldens<Loss>("vit/losses", vit);
