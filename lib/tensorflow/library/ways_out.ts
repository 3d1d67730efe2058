import { isOldPip, type NoPython, type Python } from "./python.ts";

/** A command that leads to a TensorFlow, and what it does. */
export type Way = readonly [command: string, effect: string];

const PIP: Way = ["python3 -m pip install tensorflow-cpu", "or tensorflow; Retort uses its files"];

/** Options of a user without a usable TensorFlow: the end of every message about it. */
export function waysOut(way: Way = PIP): string {
  const ways: readonly Way[] = [
    ["RETORT_TENSORFLOW=<a folder or file>", "a TensorFlow library that is already there"],
    way,
    ["--backend cpu", "without TensorFlow, slow"],
  ];
  const width = Math.max(...ways.map(([command]) => command.length));
  const lines = ways.map(([command, effect]) => `  ${command.padEnd(width)}    ${effect}`);
  return ["Alternatives:", ...lines].join("\n");
}

/** The way to a TensorFlow, e.g. `tensorflow-cpu`, that this machine has the programs for. */
export async function wayToInstall(
  python: Python | NoPython,
  uv: string,
  requirement: string,
): Promise<Way> {
  const then = "then RETORT_TENSORFLOW=tf; the folder may have any name";
  const here = "problem" in python ? undefined : python;
  if (here && here.pip !== null) {
    if (isOldPip(here.pip)) {
      return [`${here.command} -m pip install --user --upgrade pip`, "a newer pip; then run again"];
    }
    return here.isManaged
      ? [`${here.command} -m pip install --no-deps --target tf ${requirement}`, then]
      : [`${here.command} -m pip install ${requirement}`, "Retort uses its files"];
  }
  if (await isThere(uv)) {
    // Its Python may be too new for the wheels.
    const target = "--no-deps --target tf --python-version 3.12";
    return [`uv pip install ${target} ${requirement}`, then];
  }
  if (here?.hasEnsurepip) return [`${here.command} -m ensurepip`, "gives it pip; then run again"];
  return ["install python3-pip", "with your system's packages, e.g. apt; then run again"];
}

/** Whether there is such a command. */
async function isThere(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"], stdin: "null" }).output())
      .success;
  } catch {
    return false;
  }
}
