import { type Experiment, networkOf } from "../experiment/experiment.ts";
import { findDataFolder } from "../files/data_folder.ts";
import { type Description, description, type StageDescription } from "../nn/description.ts";
import type { Net } from "../nn/network.ts";
import type { Shape } from "../nn/variables.ts";
import {
  findNetwork,
  isModule,
  listNetworks,
  lookUpNetwork,
  networksOf,
} from "../project/find_network.ts";
import { type Loaded, loadExperiments } from "../project/identify.ts";
import { columns } from "../terminal/columns.ts";
import { runCommand } from "../terminal/command.ts";
import { type Flags, helpText, onlyArgument, parseFlags, type Spec } from "../terminal/flags.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";

const FLAGS = {
  "classes": {
    type: "integer",
    least: 1,
    help:
      "number of classes. Default: the data set's, or what the network was designed for, else 100",
  },
  "size": {
    type: "integer",
    least: 1,
    help: "height and width of the images. Default: the data set's, or what the network was " +
      "designed for, else 32",
  },
  "data": {
    type: "string",
    help: "folder of the data sets, for experiments. Default: $RETORT_DATA or ./data",
  },
  "json": { type: "boolean", help: "print one JSON object per network or experiment" },
} as const satisfies Spec;

type Options = Flags<typeof FLAGS>;

/** The output: a text or, with `--json`, a line for each object. */
interface Output {
  readonly text: string;
  readonly json: readonly Json[];
}

/**
 * Describes the network, the networks and experiments of a module, or the experiment that the
 * arguments name, or lists every network if they name none. With `--json` a network is `{ id,
 * parameters, multiplyAdds, taps }`, where `taps` has each tap's shape for one sample. A
 * transformer has `productMultiplyAdds` too: those in attention's products. A detector has
 * `frozen`, the parameters that never change in it, and `heads`, each with its `parameters` and the
 * `multiplyAdds` for one region. In the list of all networks each also has its `name` for the
 * command line. An experiment is the same of its student, with its own id as `experiment` and a
 * network for each of its `teachers`. Its image shape and classes are those of its data set, which
 * is opened for that unless both `--size` and `--classes` are set. Rejects with a `Failure` that
 * has the exit code.
 */
export async function runDescribe(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  if (options.help) {
    return print(
      helpText("deno task describe [network | module.ts[#network | #experiment]]", FLAGS),
    );
  }
  const spec = onlyArgument("deno task describe", options._);
  const { text, json } = spec === undefined ? describeAll(options) : await describe(spec, options);
  if (options.json) json.forEach((line) => print(JSON.stringify(line)));
  else print(text);
}

/** Describes every network of Retort in a line. */
function describeAll(options: Options): Output {
  const rows = listNetworks().map(({ name, network }) => ({
    name,
    ...description(network, ...images(network, options)),
  }));
  return {
    text: columns([
      ["network", "parameters", "multiply-adds"],
      ...rows.map(({ name, ...size }) => [name, ...counts(size)]),
    ]),
    json: rows.map(({ name, ...network }) => ({ name, ...toJson(network) })),
  };
}

/** Describes the network or the experiments that the command line names. */
async function describe(spec: string, options: Options): Promise<Output> {
  if (!isModule(spec)) return describeNetwork(await findNetwork(spec), options);
  const { network, others } = await lookUpNetwork(spec);
  if (network) return describeNetwork(network, options);
  const own = spec.includes("#") ? [] : await networksOf(spec);
  const outputs = own.map(({ network }) => describeNetwork(network, options));
  for (const loaded of await experiments(spec, others, own.length > 0)) {
    outputs.push(await describeExperiment(loaded, options));
  }
  return {
    text: outputs.map(({ text }) => text).join("\n\n"),
    json: outputs.flatMap(({ json }) => json),
  };
}

function describeNetwork(network: Net, options: Options): Output {
  const [image, classes] = images(network, options);
  const found = description(network, image, classes);
  return {
    text: `${found.id}: ${words(image, classes)}\n\n${stages(found)}`,
    json: [toJson(found)],
  };
}

/**
 * The experiments of a module. If it has none, and `hasNetworks` is not set either, the failure ends
 * with its `others`, networks.
 */
async function experiments(
  spec: string,
  others: string,
  hasNetworks: boolean,
): Promise<Loaded[]> {
  try {
    return await loadExperiments(spec);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (hasNetworks) return [];
    throw new Failure(error.exit, error.message + others, { cause: error });
  }
}

/** Describes an experiment's student and teachers. */
async function describeExperiment(
  { id, experiment }: Loaded,
  options: Options,
): Promise<Output> {
  const [image, classes] = await imagesOf(experiment, options);
  const student = description(experiment.student, image, classes);
  const teachers = experiment.teachers.map((teacher) =>
    description(networkOf(teacher), image, classes)
  );
  const parts = [
    `${id}: ${experiment.dataset.id}, ${words(image, classes)}`,
    ...[student, ...teachers].map((one) =>
      `${one === student ? "student" : "teacher"} ${one.id}\n\n${stages(one)}`
    ),
  ];
  return {
    text: parts.join("\n\n"),
    json: [{ experiment: id, ...toJson(student), teachers: teachers.map(toJson) }],
  };
}

/** The image shape and the number of classes for which a network is described. */
type Images = readonly [image: Shape, classes: number];

/** The flags' image size and classes. Default: the network's usual ones. */
function images({ designSize = { size: 32, classes: 100 } }: Net, options: Options): Images {
  return [square(options.size ?? designSize.size), options.classes ?? designSize.classes];
}

/** The flags' image size and classes. Default: those of the experiment's data set. */
async function imagesOf(
  { dataset }: Experiment,
  { size, classes, data }: Options,
): Promise<Images> {
  if (size !== undefined && classes !== undefined) return [square(size), classes];
  const opened = await dataset.open(findDataFolder(data), console.error, true).catch((error) => {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      error.exit,
      `${error.message}\n--size and --classes together need no data set`,
      { cause: error },
    );
  });
  opened.close();
  return [size === undefined ? opened.image : square(size), classes ?? opened.classes.length];
}

const square = (side: number): Shape => [side, side, 3];

/** A description for `--json`. */
function toJson(described: Description) {
  const { id, stages, heads, parameters, frozen, multiplyAdds, productMultiplyAdds } = described;
  const taps = Object.fromEntries(stages.map(({ name, shape }) => [name, shape]));
  const products = productMultiplyAdds > 0 ? { productMultiplyAdds } : {};
  const sizes = heads.map(({ name, parameters, multiplyAdds }) => [
    name,
    { parameters, multiplyAdds },
  ]);
  return {
    id,
    parameters,
    ...frozen > 0 ? { frozen } : {},
    multiplyAdds,
    ...products,
    taps,
    ...heads.length > 0 ? { heads: Object.fromEntries(sizes) } : {},
  };
}

/**
 * The table of a network's stages, whose names are its taps, and their sum. A transformer's has a
 * row for its layers alone, which many papers count, a detector's one for what learns in it, and its
 * heads, whose multiply-adds are for one region, outside of the sum.
 */
function stages({ stages, heads, productMultiplyAdds, frozen, ...total }: Description): string {
  const layers = total.multiplyAdds - productMultiplyAdds;
  const row = ({ name, shape, ...size }: StageDescription): string[] => [
    name,
    shape.join("×"),
    ...counts(size),
  ];
  return columns([
    ["tap", "shape", "parameters", "multiply-adds"],
    ...stages.map(row),
    ...heads.map((head) => row({ ...head, name: `${head.name}, a region` })),
    ["total", "", ...counts(total)],
    ...productMultiplyAdds > 0
      ? [["without attention's products", "", "", layers.toLocaleString("en")]]
      : [],
    ...frozen > 0
      ? [["without frozen ones", "", (total.parameters - frozen).toLocaleString("en"), ""]]
      : [],
  ]);
}

const counts = (
  { parameters, multiplyAdds }: Pick<Description, "parameters" | "multiplyAdds">,
): string[] => [parameters, multiplyAdds].map((number) => number.toLocaleString("en"));

const words = (image: Shape, classes: number): string =>
  `images of ${image.join("×")}, ${classes} classes`;

if (import.meta.main) await runCommand(() => runDescribe(Deno.args));
