/** SAKD's tables and the experiments that fill them. */
import { tables } from "../../mod.ts";
import kd from "../cifar100/kd.ts";
import kd_crd from "../cifar100/kd_crd.ts";
import scratch from "../cifar100/scratch.ts";
import { mapValues } from "../shared/map_values.ts";
import resnet110 from "../teachers/resnet110.ts";
import resnet32 from "../teachers/resnet32.ts";
import resnet32x4 from "../teachers/resnet32x4.ts";
import resnet50 from "../teachers/resnet50.ts";
import resnet56 from "../teachers/resnet56.ts";
import vgg13 from "../teachers/vgg13.ts";
import wrn_40_2 from "../teachers/wrn_40_2.ts";
import resnet110_resnet20 from "../tiny_imagenet/resnet110_resnet20.ts";
import resnet56_resnet20 from "../tiny_imagenet/resnet56_resnet20.ts";
import alone from "../tiny_imagenet/scratch.ts";
import vgg13_mobilenetv2 from "../tiny_imagenet/vgg13_mobilenetv2.ts";
import vgg13_vgg8 from "../tiny_imagenet/vgg13_vgg8.ts";
import wrn_40_2_wrn_16_2 from "../tiny_imagenet/wrn_40_2_wrn_16_2.ts";
import at from "./at.ts";
import cc from "./cc.ts";
import controls from "./controls.ts";
import mobile_crd from "./crd.ts";
import fitnets from "./fitnets.ts";
import ft from "./ft.ts";
import nst from "./nst.ts";
import pkt from "./pkt.ts";
import rkd from "./rkd.ts";
import sakd_at from "./sakd_at.ts";
import sakd_cc from "./sakd_cc.ts";
import sakd_crd from "./sakd_crd.ts";
import sakd_fitnets from "./sakd_fitnets.ts";
import sakd_ft from "./sakd_ft.ts";
import sakd_nst from "./sakd_nst.ts";
import sakd_pkt from "./sakd_pkt.ts";
import sakd_rkd from "./sakd_rkd.ts";
import sakd_sp from "./sakd_sp.ts";
import sakd_vid from "./sakd_vid.ts";
import sp from "./sp.ts";
import vid from "./vid.ts";

const teacher = { resnet56, resnet110, resnet32x4, resnet50, vgg13, wrn_40_2 };
const student = { ...scratch, resnet32 };
const crd = { ...kd_crd, ...mobile_crd };
const standard = { fitnets, at, sp, cc, vid, rkd, pkt, ft, nst, crd };
const adaptive = {
  sakd_fitnets,
  sakd_at,
  sakd_sp,
  sakd_cc,
  sakd_vid,
  sakd_rkd,
  sakd_pkt,
  sakd_ft,
  sakd_nst,
  sakd_crd,
};

const pairs = {
  resnet56_resnet20,
  resnet110_resnet20,
  vgg13_vgg8,
  wrn_40_2_wrn_16_2,
  vgg13_mobilenetv2,
};
const tiny = mapValues(vgg13_vgg8, (_, method) => mapValues(pairs, (methods) => methods[method]));

/** FitNets on a pair with each routing. */
const routings = <P extends "resnet56_resnet20" | "wrn_40_2_shufflenetv1">(pair: P) => ({
  adaptive: sakd_fitnets[pair],
  always: fitnets[pair],
  random: controls[`random_${pair}` as const],
  reversed: controls[`reversed_${pair}` as const],
  both: controls[`both_${pair}` as const],
});

export default tables({
  paper: "./paper.yaml",
  tables: [
    {
      ids: ["sakd-cifar100-same", "sakd-cifar100-different"],
      rows: { teacher, student, kd, ...standard, ...adaptive },
    },
    { ids: ["sakd-tiny-imagenet"], rows: { teacher: alone, student: alone, ...tiny } },
    {
      id: "sakd-controls-same",
      title: "SAKD+FitNets and its released controls, by routing: ResNet-56 teaches ResNet-20",
      rows: routings("resnet56_resnet20"),
      against: sakd_fitnets.resnet56_resnet20,
    },
    {
      id: "sakd-controls-different",
      title: "SAKD+FitNets and its released controls, by routing: WRN-40-2 teaches ShuffleNetV1",
      rows: routings("wrn_40_2_shufflenetv1"),
      against: sakd_fitnets.wrn_40_2_shufflenetv1,
    },
  ],
});
