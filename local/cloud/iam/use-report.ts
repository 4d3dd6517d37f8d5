import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Grant } from './authorizer.ts';

/** Folder into which each cloud that ends writes what was allowed and what of it was done; `npm test` reads all of them. */
const USE_REPORT_VARIABLE = 'TRUNKLINE_PERMISSION_REPORTS';

/** Of the platform's own stack: what a customer's app may do is the customer's affair. */
export function reportUse(grants: readonly Grant[], folder = process.env[USE_REPORT_VARIABLE]): void {
  const own = grants.filter(({ principal }) => !principal.includes('-'));
  if (!folder || own.length === 0) return;
  writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(own));
}
