import type { OpenDataset } from "../data/dataset.ts";
import type { DuplicatePair, ImagePosition, SplitSurvey, Survey } from "../data/survey.ts";
import { columns } from "../terminal/columns.ts";
import type { Json } from "../values/json.ts";
import { NONE } from "../values/markdown.ts";
import { describePart, quoteText } from "../values/words.ts";
import type { NamedDataset } from "./named_data_sets.ts";

/** The most classes, sizes or pairs of images that a text lists before it is shortened. */
const FEW = 10;

const SPLITS = ["train", "test"] as const;

/**
 * The findings about a data set as text: shortened, except for the images that cannot be read.
 * Rejects with a `Failure` (exit 3) if an image's file has gone since.
 */
export async function dataReport(
  { names, dataset }: NamedDataset,
  opened: OpenDataset,
  found: Survey,
): Promise<string> {
  const { classes, image, place = "made without files" } = opened;
  const about = columns([
    ["data set", describePart(dataset)],
    ["name", listed(names)],
    ["found", place],
    ["images", image.join("×") + (dataset.resize ? `, ${dataset.resize}` : "")],
    ["classes", `${classes.length}: ${listed(classes.map(quoteText))}`],
  ], 2);
  const { mean, std } = dataset.normalisation;
  const splits = columns([
    ["split", "images", "read", "fewest of a class", "most", "imbalance", "mean", "deviation"],
    ...SPLITS.map((name) => splitRow(name, found[name])),
    ["declared", "", "", "", "", "", decimals(mean), decimals(std)],
  ]);
  return [
    about,
    splits,
    classLines(classes, found),
    ...sizeLines(found),
    await duplicateLines(opened, found),
    unreadableLines(found),
  ].join("\n\n");
}

/** The findings about a data set as JSON, whole. */
export function dataJson(
  { names, dataset }: NamedDataset,
  { classes, image, place }: OpenDataset,
  found: Survey,
): Json {
  const split = ({ read, mean, std, sizes, unreadable, counts }: SplitSurvey): Json => ({
    images: sum(counts),
    read: read.length,
    mean,
    std,
    sizes: sizes && Object.fromEntries(sizes),
    unreadable: Array.from(unreadable, ([index, { message }]) => ({ index, message })),
  });
  const position = ({ split, index }: ImagePosition): Json => ({ split, index });
  return {
    dataset: dataset.id,
    options: dataset.options,
    names,
    place,
    image,
    declared: { mean: dataset.normalisation.mean, std: dataset.normalisation.std },
    train: split(found.train),
    test: split(found.test),
    classes: classes.map((name, label) => ({
      name,
      train: found.train.counts[label],
      test: found.test.counts[label],
    })),
    duplicates: found.duplicates.map((pair) => pair.map(position)),
  };
}

function splitRow(name: string, { counts, read, mean, std }: SplitSurvey): string[] {
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return [
    name,
    count(sum(counts)),
    count(read.length),
    count(fewest),
    count(most),
    fewest === 0 ? NONE : (most / fewest).toFixed(2),
    decimals(mean),
    decimals(std),
  ];
}

/** The images of each class or, of many classes, of those with the fewest and the most. */
function classLines(classes: readonly string[], { train, test }: Survey): string {
  const rows = classes.map((name, label) => ({
    name: quoteText(name),
    counts: [train.counts[label], test.counts[label]],
  }));
  const cells = ({ name, counts }: (typeof rows)[number]) => [name, ...counts.map(count)];
  const header = ["class", ...SPLITS];
  if (rows.length <= 2 * FEW) return columns([header, ...rows.map(cells)]);
  const [first] = rows;
  if (rows.every(({ counts }) => String(counts) === String(first.counts))) {
    return `Every class has ${count(first.counts[0])} training and ${
      count(first.counts[1])
    } test images.`;
  }
  const sorted = rows.toSorted((a, b) => a.counts[0] - b.counts[0]);
  return columns([
    header,
    ...sorted.slice(0, FEW).map(cells),
    [`… ${rows.length - 2 * FEW} more`, "", ""],
    ...sorted.slice(-FEW).map(cells),
  ]);
}

/** The sizes of the files' images, the most frequent ones first. */
function sizeLines({ train, test }: Survey): string[] {
  const sizes = new Map<string, number>();
  for (const [size, images] of [...train.sizes ?? [], ...test.sizes ?? []]) {
    sizes.set(size, images + (sizes.get(size) ?? 0));
  }
  if (sizes.size === 0) return [];
  const sorted = [...sizes].toSorted(([, a], [, b]) => b - a);
  const rest = sorted.slice(FEW);
  const more = [`… ${count(rest.length)} more`, count(sum(rest.map(([, images]) => images)))];
  return [columns([
    ["size of the files", "images"],
    ...sorted.slice(0, FEW).map(([size, images]) => [size, count(images)]),
    ...rest.length > 0 ? [more] : [],
  ])];
}

/** How many images have the pixels of another one, in each pair of splits, with examples. */
async function duplicateLines(opened: OpenDataset, { duplicates }: Survey): Promise<string> {
  const kinds = [
    ["train", "test", "Test images with the pixels of a training image"],
    ["train", "train", "Training images with the pixels of an earlier one"],
    ["test", "test", "Test images with the pixels of an earlier one"],
  ] as const;
  const lines: string[] = [];
  for (const [first, later, words] of kinds) {
    const pairs = duplicates.filter(([a, b]) => a.split === first && b.split === later);
    lines.push(`${words}: ${count(pairs.length)}`);
    for (const pair of pairs.slice(0, FEW)) lines.push(`  ${await pairLine(opened, pair)}`);
    if (pairs.length > FEW) lines.push(`  … ${count(pairs.length - FEW)} more`);
  }
  return lines.join("\n");
}

async function pairLine(opened: OpenDataset, [first, later]: DuplicatePair): Promise<string> {
  const name = async ({ split, index }: ImagePosition) => {
    const { source, labels } = opened[split];
    const file = source ? quoteText((await source(index)).name) : `${split} ${index}`;
    return `${file} (${quoteText(opened.classes[labels[index]])})`;
  };
  return `${await name(later)} = ${await name(first)}`;
}

function unreadableLines({ train, test }: Survey): string {
  const failures = [...train.unreadable.values(), ...test.unreadable.values()];
  const lines = failures.map(({ message }) => `  ${message}`);
  return [`Images that cannot be read: ${count(failures.length)}`, ...lines].join("\n");
}

/** The first and the last of many names. */
function listed(names: readonly string[]): string {
  if (names.length <= FEW) return names.join(", ");
  return `${names.slice(0, FEW - 2).join(", ")} … ${names.at(-1)}`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
const count = (number: number): string => number.toLocaleString("en");
const decimals = (numbers: readonly number[]): string =>
  numbers.map((number) => number.toFixed(4)).join(" ");
