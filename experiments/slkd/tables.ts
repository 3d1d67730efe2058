/** SLKD's tables and the experiments that fill them. */
import { tables } from "../../mod.ts";
import at from "../cifar100/at.ts";
import crd from "../cifar100/crd.ts";
import dkd from "../cifar100/dkd.ts";
import kd from "../cifar100/kd.ts";
import ofd from "../cifar100/ofd.ts";
import reviewkd from "../cifar100/reviewkd.ts";
import rkd from "../cifar100/rkd.ts";
import student from "../cifar100/scratch.ts";
import sp from "../cifar100/sp.ts";
import imagenet_teacher from "../imagenet/teachers.ts";
import resnet110 from "../teachers/resnet110.ts";
import resnet32x4 from "../teachers/resnet32x4.ts";
import resnet50 from "../teachers/resnet50.ts";
import resnet56 from "../teachers/resnet56.ts";
import vgg13 from "../teachers/vgg13.ts";
import wrn_40_2 from "../teachers/wrn_40_2.ts";
import imagenet_kd from "./imagenet/kd.ts";
import imagenet_student from "./imagenet/scratch.ts";
import imagenet_slkd from "./imagenet/slkd.ts";
import released from "./released/slkd.ts";
import others from "./slkd.ts";
import slkd_sequential from "./slkd_sequential.ts";
import slt_only from "./slt_only.ts";
import teacher_slt from "./teacher_slt.ts";
import vgg13_vgg8 from "./vgg13_vgg8.ts";

const imagenet = {
  teacher: imagenet_teacher,
  student: imagenet_student,
  kd: imagenet_kd,
  slkd: imagenet_slkd,
};
const teacher = { resnet56, resnet110, resnet32x4, resnet50, vgg13, wrn_40_2 };
const slkd = { ...others, vgg13_vgg8 };

export default tables({
  paper: "./paper.yaml",
  tables: [
    {
      ids: ["slkd-table-1", "slkd-table-2"],
      rows: { teacher, student, at, sp, rkd, ofd, crd, reviewkd, dkd, kd, slkd },
    },
    { ids: ["slkd-table-3", "slkd-table-4"], rows: imagenet },
    { ids: ["slkd-table-5", "slkd-table-6"], rows: { teacher, kd, slkd } },
    { ids: ["slkd-table-7"], rows: { kd, slt_only, teacher_slt } },
    { ids: ["slkd-table-8", "slkd-table-9"], rows: { teacher, student, slkd, slkd_sequential } },
    { id: "slkd-released", title: "SLKD as the released code has it, by pair", rows: released },
  ],
});
