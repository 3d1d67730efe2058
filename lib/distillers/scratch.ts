import type { Distiller } from "../experiment/distiller.ts";
import type { Net } from "../nn/network.ts";

/** Trains on labels only: the `student` and `teacher` rows of every table. */
export function scratch(): Distiller<Net> {
  return {
    id: "scratch",
    options: {},
    build: () => ({ student, task }) => ({ task: [1, task(student), "task"] }),
  };
}
