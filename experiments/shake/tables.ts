/** SHAKE's tables and the experiments that fill them. */
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
import imagenet_at from "../imagenet/at.ts";
import imagenet_atkd from "../imagenet/atkd.ts";
import imagenet_crd from "../imagenet/crd.ts";
import imagenet_dml from "../imagenet/dml.ts";
import imagenet_eskd from "../imagenet/eskd.ts";
import imagenet_kd from "../imagenet/kd.ts";
import imagenet_ofd from "../imagenet/ofd.ts";
import imagenet_one from "../imagenet/one.ts";
import imagenet_rkd from "../imagenet/rkd.ts";
import imagenet_student from "../imagenet/scratch.ts";
import imagenet_teacher from "../imagenet/teachers.ts";
import resnet110 from "../teachers/resnet110.ts";
import resnet32x4 from "../teachers/resnet32x4.ts";
import resnet50 from "../teachers/resnet50.ts";
import resnet56 from "../teachers/resnet56.ts";
import vgg13 from "../teachers/vgg13.ts";
import wrn_40_2 from "../teachers/wrn_40_2.ts";
import ablation from "./ablation.ts";
import coco_kd from "./coco/kd.ts";
import coco_student from "./coco/scratch.ts";
import coco_shake from "./coco/shake.ts";
import imagenet_shake from "./imagenet/shake.ts";
import imagenet_shake_dagger from "./imagenet/shake_dagger.ts";
import tuned from "./kd_dagger.ts";
import released from "./released/shake.ts";
import shake from "./shake.ts";
import shake_aekd from "./shake_aekd.ts";
import shake_alone from "./shake_alone.ts";
import shake_aver from "./shake_aver.ts";
import shake_crd from "./shake_crd.ts";
import shake_cutmix from "./shake_cutmix.ts";
import shake_fitnets from "./shake_fitnets.ts";
import shake_mixup from "./shake_mixup.ts";
import vit_deit from "./vit/deit.ts";
import vit_student from "./vit/scratch.ts";
import vit_shake from "./vit/shake.ts";

const teacher = { resnet56, resnet110, resnet32x4, resnet50, vgg13, wrn_40_2 };
const additions = {
  ...{ kd_fitnets, kd_crd, kd_mixup, kd_cutmix, kd_aver, kd_aekd },
  ...{ shake_fitnets, shake_crd, shake_mixup, shake_cutmix, shake_aver, shake_aekd },
};
const imagenet = {
  ...{ teacher: imagenet_teacher, student: imagenet_student },
  ...{
    kd: imagenet_kd,
    eskd: imagenet_eskd,
    atkd: imagenet_atkd,
    one: imagenet_one,
    dml: imagenet_dml,
  },
  ...{ crd: imagenet_crd, at: imagenet_at, rkd: imagenet_rkd, ofd: imagenet_ofd },
  ...{ shake: imagenet_shake, shake_dagger: imagenet_shake_dagger },
};
const kd_dagger_head = { resnet110_resnet20: tuned.head };
const kd_dagger_adapter = { resnet110_resnet20: tuned.adapter };

export default tables({
  paper: "./paper.yaml",
  tables: [
    {
      ids: ["shake-cifar100"],
      rows: { teacher, student, dml, dml_dagger, kd, kd_dagger, shake, ...additions },
    },
    {
      ids: ["shake-imagenet-resnet34-resnet18", "shake-imagenet-resnet50-mobilenetv1"],
      rows: imagenet,
    },
    {
      ids: ["shake-vit"],
      rows: {
        student: { vit_tiny_p16: vit_student },
        deit: { regnety_160_deit_tiny_p16: vit_deit },
        shake: { regnety_160_deit_tiny_p16: vit_shake },
      },
    },
    {
      ids: ["shake-coco"],
      rows: {
        student: { fasterrcnn_resnet50_fpn: coco_student },
        kd: { fasterrcnn_resnet101_fpn_fasterrcnn_resnet50_fpn: coco_kd },
        shake: { fasterrcnn_resnet101_fpn_fasterrcnn_resnet50_fpn: coco_shake },
      },
    },
    { ids: ["shake-direction"], rows: { kd, dml, dml_dagger, kd_dagger, shake } },
    {
      ids: ["shake-design"],
      rows: { kd_dagger_head, kd_dagger_adapter, shake_alone, shake, shake_multi: shake_aekd },
    },
    { ids: ["shake-figure-4"], rows: { kd, dml, shake } },
    { ids: ["shake-summary"], rows: { student, kd, kd_dagger, shake } },
    { ids: ["shake-logs"], rows: { teacher, shake: released } },
    {
      id: "shake-released",
      title: "SHAKE as the released code has it, by pair",
      rows: released,
    },
    {
      id: "shake-ablation",
      title: "What each choice is worth: WRN-40-2 teaches WRN-16-2",
      rows: { shake: shake.wrn_40_2_wrn_16_2, ...ablation, released: released.wrn_40_2_wrn_16_2 },
      against: shake.wrn_40_2_wrn_16_2,
    },
  ],
});
