// @ts-check
// A link, from this practice's own server. It lives for five minutes and works once, so it is asked for when it is needed, and
// never kept.

/** Somebody has to sign in to the practice again; `handoff-embed` knows the word. */
class SignedOutError extends Error {
  reason = 'signed-out';
}

/**
 * @param {string} redirect_path where in the portal it is to lead
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>}
 */
export async function requestLink(redirect_path, signal) {
  const response = await fetch('/api/sso', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ redirect_path }),
    ...(signal && { signal }),
  });
  const answer = await response.json().catch(() => ({}));
  if (answer.reason === 'signed-out') throw new SignedOutError('Nobody is signed in to the practice');
  if (!response.ok) throw new Error(answer.error ?? 'The practice’s server does not answer');
  return answer.redirect_url;
}
