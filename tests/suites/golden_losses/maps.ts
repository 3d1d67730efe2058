/** The common parts of the checks of losses between maps. */
import type { Distiller } from "../../../lib/experiment/distiller.ts";
import type { Net } from "../../../lib/nn/network.ts";
import type { TapPair } from "../../../lib/nn/tap_pairs.ts";
import { assembleStep, type StepParts } from "../../support/assemble_step.ts";
import { networkOfVariables } from "../../support/network_of_variables.ts";
import type { Golden, Numbers } from "../../support/goldens.ts";
import { ourMap } from "../../support/layout.ts";
import { after, type Expected, type Loss, terms, total } from "./check.ts";

/** The taps of the networks, for the golden maps `in.s0` … and `in.t0` … */
const TAPS = ["map0", "map1", "map2", "map3", "map4"] as const;

/** One of these taps. */
export type MapTap = typeof TAPS[number];

/** Lists the pairs of maps of a case. */
export function pairsOf({ has }: Golden<Loss>): readonly TapPair<MapTap, MapTap>[] {
  return TAPS.filter((_, i) => has(`in.s${i}`)).map((tap) => [tap, tap]);
}

/**
 * Makes a method between networks whose maps are the golden ones. `values` are those of the
 * method's own variables. Default: none.
 */
export function betweenMaps(
  { tensor }: Golden<Loss>,
  taps: readonly TapPair<MapTap, MapTap>[],
  distiller: Distiller<Net<MapTap | "logits">, Net<MapTap | "logits">>,
  values: readonly (readonly [string, Float32Array])[] = [],
  teacherMap: (map: Numbers, i: number) => Numbers = (map) => map,
): StepParts {
  const student = taps.map(([tap], i) => [tap, ourMap(tensor(`in.s${i}`))] as const);
  const teacher = taps.map(([, tap], i) =>
    [tap, ourMap(teacherMap(tensor(`in.t${i}`), i))] as const
  );
  const network = (maps: typeof student, normed: readonly string[] = []) =>
    networkOfVariables(
      {
        ...Object.fromEntries(maps.map(([tap, { shape }]) => [tap, shape])),
        logits: [maps[0][1].shape[0], 2],
      },
      normed,
    );
  const named = (who: string, maps: typeof student) =>
    maps.map(([tap, { data }]) => [`${who}.${tap}.value`, data] as const);
  return assembleStep({
    student: network(student) as Net<MapTap | "logits">,
    teacher: network(teacher, teacher.map(([tap]) => tap)) as Net<MapTap | "logits">,
    distiller,
    image: [1, 1, 1],
    classes: 2,
    values: new Map([...named("student", student), ...named("teacher1", teacher), ...values]),
  });
}

/** Lists the loss, its parts if the case has them, and the gradients of the student's maps. */
export function expectedOfMaps(
  { has, facts }: Golden<Loss>,
  taps: readonly TapPair<MapTap, MapTap>[],
  term: string,
): Expected[] {
  const all: Expected[] = [
    { golden: ["out.loss"], ours: total },
    ...taps.flatMap(([tap], i): Expected[] => [
      ...has(`out.part${i}`) ? [{ golden: [`out.part${i}`], ours: terms(`${term}_${tap}`) }] : [],
      { golden: [`grad.in.s${i}`], ours: after(`student.${tap}.value`), layout: ourMap },
    ]),
  ];
  return all.filter(({ golden: [name] }) => !facts.theoretically_zero.includes(name));
}
