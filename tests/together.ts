import type { Distiller, Several } from "../lib/distiller.ts";
import type { Net, Output, Player, Scorer } from "../lib/network.ts";

/** The taps that stand for the logits of three teachers. */
export type Three = "first" | "second" | "third";

const THREE: readonly Three[] = ["first", "second", "third"];

/** A method of several teachers, of which three are one network's taps here: for tests that know of one teacher. */
export function together<D>(distiller: Distiller<Scorer, Several, D>): Distiller<Scorer, Net<Three>, D> {
  return {
    ...distiller,
    build({ teacher: { shapes }, ...cast }) {
      const players = THREE.map((tap) => ({ shapes: { logits: shapes[tap] } })) as unknown as [
        Player<Scorer>,
        Player<Scorer>,
      ];
      const loss = distiller.build({ ...cast, teacher: players });
      return (step) => {
        const outputs = THREE.map((tap) => ({ taps: { logits: step.teacher.taps[tap] } }));
        return loss({ ...step, teacher: outputs as unknown as [Output<Scorer>, Output<Scorer>] });
      };
    },
  };
}
