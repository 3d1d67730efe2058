/** SHAKE's tables, with our numbers where there are some. */
import { tables } from "../../mod.ts";
import dml from "../cifar100/dml.ts";
import dml_dagger from "../cifar100/dml_dagger.ts";
import kd from "../cifar100/kd.ts";
import kd_aekd from "../cifar100/kd_aekd.ts";
import kd_aver from "../cifar100/kd_aver.ts";
import kd_crd from "../cifar100/kd_crd.ts";
import kd_cutmix from "../cifar100/kd_cutmix.ts";
import kd_dagger from "../cifar100/kd_dagger.ts";
import kd_fitnets from "../cifar100/kd_fitnets.ts";
import kd_mixup from "../cifar100/kd_mixup.ts";
import student from "../cifar100/scratch.ts";
import resnet110 from "../teachers/resnet110.ts";
import resnet32x4 from "../teachers/resnet32x4.ts";
import resnet50 from "../teachers/resnet50.ts";
import resnet56 from "../teachers/resnet56.ts";
import vgg13 from "../teachers/vgg13.ts";
import wrn_40_2 from "../teachers/wrn_40_2.ts";
import tuned from "./kd_dagger.ts";
import shake from "./shake.ts";
import shake_aekd from "./shake_aekd.ts";
import shake_alone from "./shake_alone.ts";
import shake_aver from "./shake_aver.ts";
import shake_crd from "./shake_crd.ts";
import shake_cutmix from "./shake_cutmix.ts";
import shake_fitnets from "./shake_fitnets.ts";
import shake_mixup from "./shake_mixup.ts";

const teacher = { resnet56, resnet110, resnet32x4, resnet50, vgg13, wrn_40_2 };
const additions = {
  ...{ kd_fitnets, kd_crd, kd_mixup, kd_cutmix, kd_aver, kd_aekd },
  ...{ shake_fitnets, shake_crd, shake_mixup, shake_cutmix, shake_aver, shake_aekd },
};
const kd_dagger_head = { resnet110_resnet20: tuned.head }, kd_dagger_adapter = { resnet110_resnet20: tuned.adapter };

export default tables({
  paper: "./paper.yaml",
  tables: [
    { ids: ["shake-cifar100"], rows: { teacher, student, dml, dml_dagger, kd, kd_dagger, shake, ...additions } },
    { ids: ["shake-direction"], rows: { kd, dml, dml_dagger, kd_dagger, shake } },
    { ids: ["shake-design"], rows: { kd_dagger_head, kd_dagger_adapter, shake_alone, shake, shake_multi: shake_aekd } },
    { ids: ["shake-summary"], rows: { student, kd, kd_dagger, shake } },
    { ids: ["shake-logs"], rows: { teacher, shake } },
  ],
});
