import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
// @ts-expect-error: plain JavaScript, because it runs before anything is installed
import { judgePermissions } from '../../bin/bootstrap/permissions.mjs';
import { aFolder } from '../local/stand-in.ts';

test('what no report used is told, and needs a reason; reasons that do not hold are told, too', async () => {
  await using folder = await aFolder();
  const grant = (principal: string, action: string, used: boolean) => ({ principal, action, used });
  const reports = [
    [
      grant('DecideRouteRole12345678', 'sqs:SendMessage', false),
      grant('EdgesEdge1Policy9ABCDEF0', 'a:b', false),
    ],
    [
      grant('DecideRouteRole12345678', 'sqs:SendMessage', true),
      grant('EdgesEdge22Policy9ABCDEF1', 'a:c', false),
    ],
    [grant('EdgesEdge22Policy9ABCDEF1', 'a:b', true)],
  ];
  for (const [index, report] of reports.entries())
    await writeFile(join(folder.path, `${index}.json`), JSON.stringify(report));
  expect(judgePermissions(folder.path, {})).toMatchObject({
    ...{ allowed: 3, used: 2, unused: ['an edge: a:c'] },
    faults: ['an edge: a:c: allowed, and no test uses it'],
  });
  const reasons = { 'an edge: a:c': 'soon', 'an edge: a:b': 'why', 'nobody: x': 'gone' };
  expect(judgePermissions(folder.path, reasons).faults).toEqual([
    'an edge: a:b: has a reason to be unused, and is used',
    'nobody: x: has a reason to be unused, and is not allowed',
  ]);
});
