/**
 * What systems put beside a user's files: macOS in zips and on foreign disks, Windows, Synology's
 * NAS with small copies of each image, Linux at the root of a disk.
 */
const SIDE_FILES = new RegExp(
  "^(" + [
    "__MACOSX",
    "\\._.*",
    "\\.DS_Store",
    "Icon\\r",
    "(eh)?thumbs\\.db",
    "desktop\\.ini",
    "\\$RECYCLE\\.BIN",
    "System Volume Information",
    "@eaDir",
    "lost\\+found",
  ].join("|") + ")$",
  "i",
);

/** Whether a file or folder, or one that it lies in, is none of the user's. */
export function isSideFile(path: string): boolean {
  return path.split("/").some((name) => SIDE_FILES.test(name));
}
