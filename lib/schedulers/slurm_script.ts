import { shellCommand } from "../values/shell.ts";
import { GRACE, type Job } from "./job.ts";

/** A job of Slurm. */
export interface SlurmJob extends Job {
  /** The time limit, e.g. `24:00:00`. */
  readonly time: string;
  /** The partition. `undefined` for the default one. */
  readonly partition: string | undefined;
}

/**
 * Writes the script of an array for `sbatch`. Each task of the array runs the command. Shortly
 * before the time limit it is interrupted, saves its trials, and is queued again.
 */
export function slurmScript(
  { command, tasks, cpus, memory, gpus, time, partition }: SlurmJob,
): string {
  const options = [
    "job-name=retort",
    `array=0-${tasks - 1}`,
    "ntasks=1",
    `cpus-per-task=${cpus}`,
    `mem=${memory}G`,
    ...gpus > 0 ? [`gpus-per-task=${gpus}`] : [],
    `time=${time}`,
    ...partition === undefined ? [] : [`partition=${partition}`],
    // "B:" sends it to this script, which knows what to do with it.
    `signal=B:USR1@${GRACE}`,
    "requeue",
    "open-mode=append",
    "output=%x-%A_%a.log",
  ];
  return `#!/usr/bin/env bash
${options.map((option) => `#SBATCH --${option}`).join("\n")}

# Each task takes trials that no other one has taken, and ends when none is left.
# Submit this in the project's folder, on a file system that all machines share.
set -euo pipefail

stopped=
# srun passes the signal on. Of itself it would give the task one CPU.
srun --cpus-per-task=${cpus} ${shellCommand(command)} &
worker=$!
trap 'stopped=yes; kill -TERM "$worker" 2>/dev/null || true' USR1

code=0
wait "$worker" || code=$?
if [ -n "$stopped" ]; then
  # The signal has ended the first wait. The worker now saves its trials.
  code=0
  wait "$worker" || code=$?
fi
if [ "$code" -eq 130 ] && [ -n "$stopped" ]; then
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
fi
exit "$code"
`;
}
