import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { EdgeRows, Fleet, Heartbeat } from '../ports.ts';

/** A row that does not parse is an error: taken for an absent one it would end the calls of a living edge. */
const Row = z.object({ edgeId: z.string(), epoch: z.number(), heartbeatAt: z.number() });

export function dynamoFleet(client: DynamoDBDocumentClient, table: string): Fleet {
  return {
    async rows() {
      const rows: Heartbeat[] = [];
      for await (const { Items } of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
        rows.push(...z.array(Row).parse(Items ?? []));
      }
      return rows;
    },
  };
}

const EdgeRow = Row.extend({ queueUrl: z.string(), calls: z.number(), draining: z.boolean() });

/** A row that does not parse is no edge to give a call to. */
export function dynamoEdgeRows(client: DynamoDBDocumentClient, table: string): EdgeRows {
  return {
    async edges() {
      const rows: z.output<typeof EdgeRow>[] = [];
      for await (const { Items = [] } of paginateScan({ client }, { TableName: table })) {
        rows.push(...Items.flatMap((item) => EdgeRow.safeParse(item).data ?? []));
      }
      return rows;
    },
  };
}
