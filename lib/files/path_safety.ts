/**
 * Whether a name from an archive or a declaration stays inside its folder on every system:
 * relative, with forward slashes and without `..`.
 */
export function staysInside(name: string): boolean {
  return name !== "" && !/^\/|^[a-z]:|\\|\0|(^|\/)\.\.(\/|$)/i.test(name);
}
