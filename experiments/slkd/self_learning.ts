/**
 * The self-learning teachers of SLKD*. Each has its teacher's architecture, and is trained before
 * the students that it teaches.
 */
import { cifar100 } from "../../datasets/cifar.ts";
import { type Experiment, experiment, from, kd } from "../../mod.ts";
import { schedule } from "../shared/cifar100.ts";
import type { Learner } from "../cifar100/pairs.ts";
import resnet32x4 from "../teachers/resnet32x4.ts";
import resnet50 from "../teachers/resnet50.ts";
import resnet56 from "../teachers/resnet56.ts";
import vgg13 from "../teachers/vgg13.ts";
import wrn_40_2 from "../teachers/wrn_40_2.ts";

const learning = (teacher: Experiment<Learner>) =>
  experiment(import.meta, {
    dataset: cifar100(),
    teacher: from(teacher),
    student: teacher.student,
    distiller: kd(),
    schedule,
  });

export default {
  resnet56: learning(resnet56),
  resnet32x4: learning(resnet32x4),
  resnet50: learning(resnet50),
  wrn_40_2: learning(wrn_40_2),
  vgg13: learning(vgg13),
};
