import { existsSync, statSync } from "node:fs";

/** Whether a path is that of a file, with links followed. No: also if it cannot be looked at. */
export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** Whether a path is that of a folder, with links followed. No: also if it cannot be looked at. */
export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
