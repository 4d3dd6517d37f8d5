import { findProgram } from '../../local/child-process.ts';

const { DRACHTIO_URL, DRACHTIO_BIN } = process.env;

/** Whether the platform of these tests takes a drachtio-server, by the rule of local/drachtio. */
export const onDrachtio =
  Boolean(DRACHTIO_URL) || (await findProgram(DRACHTIO_BIN || 'drachtio')) !== undefined;
