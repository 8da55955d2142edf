/** `lakerunner-query-api` as a part of logical ids: `LakerunnerQueryApi`. */
export function titleOf(service: string): string {
  return service.replace(/(^|-)(.)/g, (_all, _hyphen, letter: string) => letter.toUpperCase());
}
