/**
 * Mistakes that have to be compile errors. `deno check` and `deno test` fail if the compiler
 * accepts one of them. None of this code runs.
 */
import { assert } from "@std/assert";
import { cifar100 } from "../../datasets/cifar.ts";
import { synthetic } from "../../datasets/synthetic.ts";
import {
  abInit,
  autoAugment,
  ctkd,
  cutmix,
  type Dataset,
  type Detector,
  type Distiller,
  dkd,
  dkdOnRegions,
  experiment,
  fasterRcnn,
  fitnets,
  fixMatchAugment,
  from,
  ft,
  ftInit,
  imagenet,
  kd,
  kdOnRegions,
  type Loss,
  lossOn,
  mixup,
  mixupOrCutmix,
  mlkd,
  type Module,
  type Net,
  nkd,
  randAugment,
  randomErasing,
  resnet8,
  scalarVariable,
  type Scorer,
  scratch,
  sgd,
  shake,
  shakeOnRegions,
  simkd,
  slkd,
  srrl,
  type Stage,
  startBody,
  vgg13,
  vgg8,
  vit,
  weights,
  withTeachersHead,
} from "../../mod.ts";

declare const dataset: Dataset;
/** A data set whose task asks for a detector. */
declare const boxes: Dataset<undefined, never, Detector>;
/** Methods for detectors, alone and with a teacher. */
declare const detect: Distiller<Detector, undefined>;
declare const distil: Distiller<Detector, Detector>;
declare const stage: Stage;
declare const foreign: Net<"trunk" | "logits">;
/** A method with two teachers or more. */
declare const several: Distiller<Scorer, readonly [Scorer, Scorer, ...Scorer[]]>;
/** A method whose second teacher must have a certain tap. */
declare const second: Distiller<Scorer, readonly [Scorer, Net<"block4" | "logits">]>;
/** A method that trains a module for other methods, and the loss that it makes with it. */
declare const trainer: Distiller<Scorer, undefined, unknown, "hint">;
declare function lossOf(hint: Module): Loss<Scorer, undefined>;
const meta = { url: "" };

Deno.test("mistakes in an experiment are compile errors", () => {
  assert(typeof mistakes === "function");
});

function mistakes(): void {
  const schedule = sgd({ epochs: 1, batch: 64, lr: 0.1 });
  const shared = { dataset, student: vgg8, schedule };
  const trained = experiment(meta, { dataset, student: vgg13, distiller: scratch(), schedule });
  const teacher = from(trained);
  const trained8 = experiment(meta, { dataset, student: resnet8, distiller: scratch(), schedule });

  const twoBlocks = { ...shared, student: vit({ depth: 2 }) };

  // Correct experiments.
  experiment(meta, { ...twoBlocks, teacher, distiller: fitnets({ guided: "block2" }) });
  experiment(meta, { ...shared, teacher, distiller: kd({ temperature: 2 }) });
  experiment(meta, { ...shared, teacher, distiller: slkd({ copies: 1 }) });
  experiment(meta, { ...shared, teacher, distiller: fitnets() });
  experiment(meta, {
    ...shared,
    teacher,
    distiller: fitnets({ guided: "block3", hint: "block4" }),
  });
  experiment(meta, { ...shared, teacher: undefined, distiller: scratch() });
  experiment(meta, {
    ...shared,
    teacher: [teacher, teacher, from(trained, { seed: 2 })],
    distiller: several,
  });
  experiment(meta, { ...shared, teacher: [from(trained8), teacher], distiller: second });

  // @ts-expect-error: the student has no tap of this name.
  experiment(meta, { ...shared, teacher, distiller: fitnets({ guided: "blok2" }) });
  // @ts-expect-error: the teacher has no tap of this name.
  experiment(meta, { ...shared, teacher, distiller: fitnets({ hint: "block9" }) });
  // @ts-expect-error: a transformer of two blocks has no third one.
  experiment(meta, { ...twoBlocks, teacher, distiller: fitnets({ guided: "block3" }) });
  // @ts-expect-error: a misspelt option.
  experiment(meta, { ...shared, teacher, distiller: kd({ temprature: 2 }) });
  // @ts-expect-error: a misspelt option of a method with taps.
  experiment(meta, { ...shared, teacher, distiller: fitnets({ hnit: "block2" }) });
  // @ts-expect-error: an option of another type.
  experiment(meta, { ...shared, teacher, distiller: slkd({ copies: "2" }) });
  // @ts-expect-error: a misspelt option of the schedule.
  sgd({ epochs: 1, batch: 64, lr: 0.1, weightdecay: 0 });
  // @ts-expect-error: kd needs a teacher.
  experiment(meta, { ...shared, distiller: kd() });
  // @ts-expect-error: an untrained network teaches nothing.
  experiment(meta, { ...shared, teacher: vgg13, distiller: kd() });
  // @ts-expect-error: an experiment is not yet its student: from(…) says which trial.
  experiment(meta, { ...shared, teacher: trained, distiller: kd() });
  // @ts-expect-error: kd takes one teacher, not a tuple of one.
  experiment(meta, { ...shared, teacher: [teacher], distiller: kd() });
  // @ts-expect-error: one teacher for a method of several.
  experiment(meta, { ...shared, teacher, distiller: several });
  // @ts-expect-error: a tuple of one for a method of several.
  experiment(meta, { ...shared, teacher: [teacher], distiller: several });
  // @ts-expect-error: the second teacher has no such tap.
  experiment(meta, { ...shared, teacher: [teacher, from(trained8)], distiller: second });
  // @ts-expect-error: scratch takes no teacher.
  experiment(meta, { ...shared, teacher, distiller: scratch() });
  // @ts-expect-error: there is no such epoch.
  from(trained, { epoch: "first" });
  // @ts-expect-error: an experiment needs a schedule.
  experiment(meta, { dataset, student: vgg8, distiller: scratch() });

  // A data set has one class per image unless it mixes images, and the views of its options.
  const mixed = { ...shared, dataset: cifar100({ mix: mixup({ alpha: 0.2 }) }), teacher };
  const viewed = { ...shared, dataset: synthetic({ views: { strong: { jitter: 0.4 } } }), teacher };
  experiment(meta, { ...mixed, distiller: kd() });
  experiment(meta, { ...mixed, dataset: synthetic({ mix: cutmix() }), distiller: fitnets() });
  experiment(meta, { ...shared, dataset: cifar100({ take: 1000 }), teacher, distiller: dkd() });
  experiment(meta, { ...shared, dataset: cifar100({ smoothing: 0.1 }), teacher, distiller: dkd() });
  experiment(meta, { ...viewed, distiller: dkd() });
  experiment(meta, { ...viewed, distiller: mlkd() });
  experiment(meta, {
    ...viewed,
    dataset: cifar100({ mix: cutmix(), views: { weak: {}, strong: { cutout: 8 } } }),
    distiller: mlkd(),
  });

  // @ts-expect-error: dkd needs each image's one class, and mixed images have two.
  experiment(meta, { ...mixed, distiller: dkd() });
  // @ts-expect-error: CutMix too gives two classes.
  experiment(meta, { ...mixed, dataset: synthetic({ mix: cutmix() }), distiller: dkd() });
  // @ts-expect-error: so do the batches that either way mixes.
  experiment(meta, { ...mixed, dataset: cifar100({ mix: mixupOrCutmix() }), distiller: dkd() });
  // @ts-expect-error: the data set has no view for mlkd.
  experiment(meta, { ...shared, teacher, distiller: mlkd() });
  experiment(meta, {
    ...viewed,
    dataset: cifar100({ views: { string: { jitter: 0.4 } } }),
    // @ts-expect-error: the data set's view has another name.
    distiller: mlkd(),
  });
  // @ts-expect-error: a misspelt option of a data set.
  cifar100({ mix: mixup(), flp: true });
  // @ts-expect-error: a misspelt option of a view.
  cifar100({ views: { strong: { jiter: 0.4 } } });
  // @ts-expect-error: a misspelt option of mixup.
  mixup({ alfa: 0.2 });
  cifar100({ policy: randAugment({ n: 1 }), erase: randomErasing({ mode: "zero" }), repeats: 3 });
  cifar100({ views: { strong: { policy: fixMatchAugment() }, weak: { policy: undefined } } });
  // @ts-expect-error: a misspelt option of a policy.
  randAugment({ magnitute: 9 });
  // @ts-expect-error: AutoAugment has no such pairs.
  autoAugment({ pairs: "v1" });
  // @ts-expect-error: a mix is no policy.
  cifar100({ policy: mixup() });
  // @ts-expect-error: a policy is no erasing.
  cifar100({ erase: randAugment() });
  // @ts-expect-error: CIFAR's images are not scaled.
  cifar100({ interpolation: "bicubic" });
  // @ts-expect-error: `mixup` is a function that makes a mix.
  cifar100({ mix: mixup });
  // @ts-expect-error: a method that does not declare that it needs the class cannot see it.
  const _label: Distiller<Scorer>["build"] = () => ({ task, student, label }) => ({
    task: [1, task(student)],
    label,
  });

  const _role: Distiller<Scorer>["build"] = () => ({ task, student }) => ({
    // @ts-expect-error: there is no such role of a term.
    task: [1, task(student), "labels"],
  });
  const _named: Distiller<Scorer>["build"] = () => ({ task, student }) => ({
    labels: [1, task(student), "task"],
  });

  // First stages give initial weights of a student and modules for another method.
  const pair = { dataset, schedule, teacher };
  const init = experiment(meta, { ...pair, student: vgg8, distiller: ftInit() });
  const { paraphraser } = from(init, { epoch: "best" }).trainedModules;
  experiment(meta, { ...pair, student: vgg8, distiller: ft({ paraphraser }) });
  experiment(meta, {
    ...pair,
    student: from(init),
    distiller: ft({ paraphraser, student: "block4" }),
  });
  experiment(meta, { ...pair, student: vgg8, distiller: abInit({ taps: [["block1", "block2"]] }) });

  // @ts-expect-error: a paraphraser has to be trained first.
  ft();
  // @ts-expect-error: ft takes the module that the experiment's method trained, not the experiment.
  ft({ paraphraser: from(init) });
  // @ts-expect-error: ftInit trains no such module.
  from(init).trainedModules.translator;
  // @ts-expect-error: scratch trains no module for other methods.
  from(trained).trainedModules.paraphraser;
  const _right: typeof trainer["build"] = ({ create }) => lossOf(create.trainedModule("hint", [3]));
  // @ts-expect-error: the method trains no module of this name.
  const _slip: typeof trainer["build"] = ({ create }) => lossOf(create.trainedModule("hnit", [3]));
  const _unsaid: Distiller<Scorer>["build"] = ({ create }) =>
    // @ts-expect-error: a method that does not declare a trained module cannot make one.
    lossOf(create.trainedModule("hint", [3]));
  experiment(meta, {
    ...pair,
    student: from(init),
    // @ts-expect-error: the student that another experiment trained has no tap of this name.
    distiller: ft({ paraphraser, student: "block9" }),
  });
  // @ts-expect-error: an experiment is not yet its student: from(…) says which trial.
  experiment(meta, { ...pair, student: init, distiller: kd() });
  // @ts-expect-error: the teacher has no tap of this name.
  experiment(meta, { ...pair, student: vgg8, distiller: abInit({ taps: [["block1", "block9"]] }) });

  // SimKD's student ends in its teacher's head, and only a method with one gets it.
  const student = withTeachersHead(resnet8, vgg13);
  experiment(meta, { ...pair, student, distiller: simkd() });
  experiment(meta, { ...pair, student: resnet8, distiller: srrl() });
  // @ts-expect-error: the student has no projector.
  experiment(meta, { ...pair, student: vgg8, distiller: simkd() });
  // @ts-expect-error: nkd needs each image's one class.
  experiment(meta, { ...mixed, distiller: nkd() });
  // @ts-expect-error: a misspelt option.
  ctkd({ loop: 10 });

  // A detector is no network that scores classes, neither for a method nor for a data set.
  const found = { dataset: boxes, student: fasterRcnn(), schedule };
  const detector = from(experiment(meta, { ...found, distiller: detect }));
  experiment(meta, { ...found, teacher: detector, distiller: distil });
  experiment(meta, { ...found, student: detector, distiller: detect });
  experiment(meta, { ...found, distiller: scratch() });
  experiment(meta, { ...found, teacher: detector, distiller: kdOnRegions() });
  experiment(meta, { ...found, teacher: detector, distiller: dkdOnRegions({ beta: 1 }) });
  experiment(meta, { ...found, teacher: detector, distiller: shakeOnRegions() });
  // @ts-expect-error: shake on regions needs a detector as teacher.
  experiment(meta, { ...found, teacher, distiller: shakeOnRegions() });
  // @ts-expect-error: shake on regions needs a detector as student.
  experiment(meta, { ...shared, teacher: detector, distiller: shakeOnRegions() });
  // @ts-expect-error: a shadow on maps needs a teacher that scores classes.
  experiment(meta, { ...found, teacher: detector, distiller: shake() });
  // @ts-expect-error: dkd needs each image's one class.
  experiment(meta, { ...found, teacher: detector, distiller: dkd() });
  // @ts-expect-error: a detector needs a data set with objects.
  experiment(meta, { ...shared, student: fasterRcnn(), distiller: scratch() });
  // @ts-expect-error: kd compares logits.
  experiment(meta, { ...found, teacher: detector, distiller: kd() });
  // @ts-expect-error: fitnets needs logits beside its taps, which a detector's body has.
  experiment(meta, { ...found, teacher: detector, distiller: fitnets() });
  // @ts-expect-error: slkd copies a head that scores classes.
  experiment(meta, { ...found, teacher: detector, distiller: slkd() });
  // @ts-expect-error: the teacher is no detector.
  experiment(meta, { ...found, teacher, distiller: distil });
  // @ts-expect-error: the student is no detector.
  experiment(meta, { ...shared, teacher: detector, distiller: distil });
  // @ts-expect-error: a detector teaches no network that scores classes.
  experiment(meta, { ...shared, teacher: detector, distiller: kd() });
  // @ts-expect-error: the data set asks for a network that scores classes.
  experiment(meta, { ...found, dataset, distiller: detect });
  // @ts-expect-error: the data set asks for a detector.
  experiment(meta, { ...shared, dataset: boxes, distiller: scratch() });
  const trunk = from(
    experiment(meta, { ...shared, student: imagenet.resnet50, distiller: scratch() }),
  );
  experiment(meta, { ...found, student: startBody(fasterRcnn(), trunk), distiller: scratch() });
  // @ts-expect-error: a detector starts a detector with objects to learn.
  experiment(meta, { ...shared, student: startBody(fasterRcnn(), trunk), distiller: scratch() });
  // @ts-expect-error: no stage of the two has the same name.
  startBody(fasterRcnn(), weights(foreign, { file: "foreign.pth" }));
  // @ts-expect-error: an experiment is not yet its student: from(…) says which trial.
  startBody(fasterRcnn(), init);
  // @ts-expect-error: a misspelt option.
  fasterRcnn({ chanels: 64 });
  // @ts-expect-error: the body is a network, not its name.
  fasterRcnn({ body: "resnet18" });
  // @ts-expect-error: a body of another kind.
  fasterRcnn({ body: resnet8 });

  // What a loss returns.
  const _asynchronous: Distiller<Scorer>["build"] = () =>
  // @ts-expect-error: nothing in a step can wait.
  async ({ task, student }) => await Promise.resolve({ task: [1, task(student)] });
  const _nothing: Distiller<Scorer>["build"] = () =>
  // @ts-expect-error: a loss returns terms.
  () => {};
  const _bare: Distiller<Scorer>["build"] = () => ({ task, student }) => ({
    // @ts-expect-error: a term has a weight.
    task: task(student),
  });
  const _text: Distiller<Scorer>["build"] = () => ({ task, student }) => ({
    // @ts-expect-error: a weight is a number or a tensor.
    task: ["1", task(student)],
  });
  const _number: Distiller<Scorer>["build"] = () => () => ({
    // @ts-expect-error: a term has one number per sample, a tensor.
    task: [1, 2],
  });
  // @ts-expect-error: a loss that reports returns its writes too.
  const _unwritten: Distiller<Scorer>["build"] = () => ({ task, student }) => ({
    terms: { task: [1, task(student)] },
    reports: {},
  });
  const _learned: Distiller<Scorer>["build"] = ({ create }) => {
    const scale = scalarVariable(create, "scale", 1);
    return ({ task, student, live, random }) => ({
      task: [live.read(scale), task(student)],
      // @ts-expect-error: a stream has a shape to draw.
      noise: [1, random.normal()],
    });
  };

  // A loss on given numbers.
  const logits = [[1, 2]];
  lossOn(kd(), { student: { logits }, teacher: { logits }, label: [0] });
  // @ts-expect-error: kd has a teacher.
  lossOn(kd(), { student: { logits }, label: [0] });
  // @ts-expect-error: the student needs its logits.
  lossOn(kd(), { student: {}, teacher: { logits }, label: [0] });
  lossOn(srrl(), {
    student: { map: logits, pooled: stage, logits },
    teacher: { pooled: logits, logits: stage },
    label: [0],
  });
  // @ts-expect-error: srrl compares the teacher's pooled features.
  lossOn(srrl(), { student: { pooled: logits, logits }, teacher: { logits }, label: [0] });
  // @ts-expect-error: a tap is numbers or a stage.
  lossOn(kd(), { student: { logits: "1, 2" }, teacher: { logits }, label: [0] });
  // @ts-expect-error: fitnets compares a tap of this name.
  lossOn(fitnets(), { student: { logits }, teacher: { block2: logits }, label: [0] });

  const body: Net<"stem"> = { id: "body", options: {}, stages: () => ({ stem: stage }) };
  // @ts-expect-error: the student scores no classes.
  experiment(meta, { dataset, student: body, schedule, distiller: scratch() });
}
