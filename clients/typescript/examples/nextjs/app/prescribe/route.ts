// Next.js, app/prescribe/route.ts: a form on your page posts here, with target="_blank", and the new tab opens the portal. Works in
// the Node runtime and in the Edge runtime. Keep the client out of client components: there it refuses to be made.

import { findClinician, pathOfPatient } from '../../../clinician.ts';
import { describeFailure } from '../../../failure.ts';
import { handoff } from '../../../handoff.ts';

// The link signs in whoever opens it: it is for this browser alone, and for no cache in between.
const NO_STORE = { 'cache-control': 'no-store' };

export async function POST(request: Request): Promise<Response> {
  const clinician = findClinician(request.headers.get('cookie'));
  if (clinician === undefined) return new Response('You may not prescribe.', { status: 403 });
  const patientId = (await request.formData()).get('patient_id');
  try {
    const { redirectUrl } = await handoff.createSsoLink(
      { userId: clinician.portalUserId, redirectPath: pathOfPatient(patientId) },
      // Who closes the tab does not need a link any more.
      { signal: request.signal },
    );
    return new Response(null, { status: 303, headers: { ...NO_STORE, location: redirectUrl } });
  } catch (error) {
    const { status, sentence } = describeFailure(error);
    return new Response(sentence, { status, headers: { ...NO_STORE, 'content-type': 'text/plain; charset=utf-8' } });
  }
}
