import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
// @ts-expect-error: plain JavaScript, because it runs before anything is installed
import { judgePermissions, readReasons } from '../../bin/bootstrap/permissions.mjs';
import { aFolder } from '../local/stand-in.ts';

test('what no report used is told, and needs a reason; reasons that do not hold are told, too', async () => {
  await using folder = await aFolder();
  const grant = (principal: string, action: string, used: boolean, resource = 'TablesCalls12345678') => ({
    ...{ principal, action, resource, used },
  });
  const reports = [
    [
      grant('DecideRouteRole12345678', 'sqs:SendMessage', false),
      grant('EdgesEdge1Policy9ABCDEF0', 'a:b', false),
    ],
    [
      grant('DecideRouteRole12345678', 'sqs:SendMessage', true),
      grant('EdgesEdge22Policy9ABCDEF1', 'a:c', false),
    ],
    [
      grant('EdgesEdge22Policy9ABCDEF1', 'a:b', true),
      grant('EdgesEdge22Policy9ABCDEF1', 'a:b', false, 'EdgesEdge22Queue0ABCDEF1'),
      grant('DecideRouteRole12345678', 'sqs:SendMessage', true, 'TablesCalls12345678/index/active'),
    ],
  ];
  for (const [index, report] of reports.entries())
    await writeFile(join(folder.path, `${index}.json`), JSON.stringify(report));
  expect(judgePermissions(folder.path, {})).toMatchObject({
    ...{ allowed: 5, used: 3, unused: ["an edge: a:b on the edge's queue", 'an edge: a:c on TablesCalls'] },
    faults: [
      'an edge: a:c on TablesCalls: allowed, and no test uses it',
      "an edge: a:b on the edge's queue: allowed, and no test uses it",
    ],
  });
  const reasons = {
    'an edge: a:c on TablesCalls': 'soon',
    "an edge: a:b on the edge's queue": 'soon',
    'an edge: a:b on TablesCalls': 'why',
    'nobody: x': 'gone',
  };
  expect(judgePermissions(folder.path, reasons).faults).toEqual([
    'an edge: a:b on TablesCalls: has a reason to be unused, and is used',
    'nobody: x: has a reason to be unused, and is not allowed',
  ]);
});

test('a reason is for each of its principals and grants', () => {
  const groups = [
    {
      why: 'no runtime',
      principals: ['DecideRouteRole', 'ReapCallsRole'],
      grants: ['logs:Put on {name}Logs'],
    },
    { why: 'no Docker', principals: ['EdgeRole'], grants: ['ecr:Get on *', 'ecr:Pull on Images'] },
  ];
  expect(readReasons(groups)).toEqual({
    'DecideRouteRole: logs:Put on DecideRouteLogs': 'no runtime',
    'ReapCallsRole: logs:Put on ReapCallsLogs': 'no runtime',
    'EdgeRole: ecr:Get on *': 'no Docker',
    'EdgeRole: ecr:Pull on Images': 'no Docker',
  });
});
