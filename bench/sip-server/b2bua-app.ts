import { startB2bua } from '../b2bua.ts';

/* The shortest B2BUA drachtio-srf allows, without media: every request that an INVITE begins passes the server twice. */
startB2bua(async (create, request, response) => {
  try {
    const { uas, uac } = await create(request, response, { localSdpB: request.body ?? '' });
    uas.on('destroy', () => void uac.destroy().catch(() => {}));
    uac.on('destroy', () => void uas.destroy().catch(() => {}));
  } catch {
    // refused or canceled: createB2BUA has answered the caller
  }
});
