export const SESSIONS = 1024;
export const LIFETIME_S = 24 * 60 * 60;
export const TIMEOUT_MS = 30_000; // of our stores: a busy machine may be slow
const FIRST_SEEN = 1_760_000_000_000;

export const ids = Array.from({ length: SESSIONS }, (_, n) => idOf(n));

export function idOf(n) {
  return `sid${String(n).padStart(29, 'x')}`;
}

/** A session of 985 bytes of JSON, in the shape that the stores of express ask for. */
export function sessionOf(n) {
  return {
    cookie: { originalMaxAge: null, httpOnly: true, path: '/', sameSite: 'lax' },
    user: {
      id: `u${String(n).padStart(11, '0')}`,
      name: 'Ada Lovelace',
      email: 'ada@example.org',
      roles: ['admin', 'editor'],
      prefs: {
        theme: 'dark',
        locale: 'en-GB',
        tz: 'Europe/London',
        beta: { newNav: true, rollout: 0.25 },
      },
    },
    cart: {
      currency: 'EUR',
      items: [0, 1, 2, 3, 4, 5].map((k) => ({
        sku: `SKU-${1000 + k}`,
        qty: k + 1,
        price: 19.99 + k,
        opts: { size: 'M', gift: k % 2 === 0 },
      })),
    },
    flash: [{ level: 'info', text: 'Your profile was saved.' }],
    csrf: 'b1946ac92492d2347c6235b4d2611184b1946ac9',
    meta: {
      createdAt: FIRST_SEEN,
      lastSeen: FIRST_SEEN,
      ip: '203.0.113.7',
      ua: 'Mozilla/5.0 (X11; Linux x64)',
    },
  };
}
