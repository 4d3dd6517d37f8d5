import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Logical ids end in eight digits of CDK's choice; edges differ in nothing but their number. */
const plainName = (logicalId) =>
  logicalId
    .replace(/[0-9A-F]{8}(?=$|\/)/, '')
    .replace(/^EdgesEdge\w*?Policy$/, 'an edge')
    .replace(/^EdgesEdge\w*?Queue$/, "the edge's queue");

/** Every action that the platform's policies allow, by principal and resource, and whether any test did it. */
function mergeReports(folder) {
  const merged = new Map();
  for (const file of readdirSync(folder)) {
    for (const { principal, action, resource, used } of JSON.parse(
      readFileSync(join(folder, file), 'utf8'),
    )) {
      const key = `${plainName(principal)}: ${action} on ${plainName(resource)}`;
      merged.set(key, used || merged.get(key) === true);
    }
  }
  return merged;
}

/**
 * Why each grant is unused that no test can use, by the grant. `{name}` in one is the principal's, without what it is.
 * @param groups of test/unused-permissions.json: `[{why, principals, grants}]`
 */
export const readReasons = (groups) =>
  Object.fromEntries(
    groups.flatMap(({ why, principals, grants }) =>
      principals.flatMap((principal) =>
        grants.map((grant) => [
          `${principal}: ${grant.replace('{name}', principal.replace(/Role$/, ''))}`,
          why,
        ]),
      ),
    ),
  );

/**
 * Least privilege, as far as tests can tell: an action that none of them needed is either a permission too many or a gap
 * in the tests, unless `reasons` says why it is neither. A reason for what is used, or is not allowed at all, is a fault, too.
 */
export function judgePermissions(folder, reasons) {
  const merged = mergeReports(folder);
  const unused = [...merged].filter(([, used]) => !used).map(([key]) => key);
  const faults = [
    ...unused.filter((key) => !reasons[key]).map((key) => `${key}: allowed, and no test uses it`),
    ...Object.keys(reasons)
      .filter((key) => merged.get(key) === true)
      .map((key) => `${key}: has a reason to be unused, and is used`),
    ...Object.keys(reasons)
      .filter((key) => !merged.has(key))
      .map((key) => `${key}: has a reason to be unused, and is not allowed`),
  ];
  return { allowed: merged.size, used: merged.size - unused.length, unused: unused.sort(), faults };
}
