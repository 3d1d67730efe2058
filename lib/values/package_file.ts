/**
 * Whether a file is that of a package from npm: in a folder `node_modules`, or in Deno's cache, where
 * each package has a folder for its version, below one called `npm`.
 */
export function isPackageFile(url: string): boolean {
  return /\/(node_modules|npm\/.+\/\d+\.\d+\.\d+[^/]*)\//.test(url);
}
