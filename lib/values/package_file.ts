/**
 * Whether a file is that of a package from npm: in a folder `node_modules`, or in Deno's cache, which
 * has a folder `npm` with one for each registry.
 */
export function isPackageFile(url: string): boolean {
  return /\/(node_modules|npm\/[^/]+\.[^/]+)\//.test(url);
}
