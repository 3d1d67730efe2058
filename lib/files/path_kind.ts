import { existsSync, statSync } from "node:fs";

/** Whether there is a file at a path, with links followed. False if the path cannot be looked at. */
export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** Whether there is a folder at a path, with links followed. False if it cannot be looked at. */
export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
